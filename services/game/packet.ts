import { encodeServerMessage, type ServerMessage } from '../protocol/index.ts';

/** A message as it goes over the wire, made once and given to every socket that gets it. */
export class Packet {
  readonly text: string;
  /** For the metrics: the `type` of the message. */
  readonly type: ServerMessage['type'];
  #bytes: Buffer | undefined;

  constructor(type: ServerMessage['type'], text: string) {
    this.type = type;
    this.text = text;
  }

  static of(message: ServerMessage): Packet {
    return new Packet(message.type, encodeServerMessage(message));
  }

  get bytes(): Buffer {
    return (this.#bytes ??= Buffer.from(this.text));
  }
}
