import { textFrame } from './frame.ts';
import { encodeServerMessage, type ServerMessage } from '../protocol/index.ts';

/** A message as it goes over the wire, made once and given to every socket that gets it. */
export class Packet {
  readonly text: string;
  /** For the metrics: the `type` of the message. */
  readonly type: ServerMessage['type'];
  /** Tells packets of this process apart. */
  readonly number: number;
  static #count = 0;
  #frame: Buffer | undefined;

  constructor(type: ServerMessage['type'], text: string) {
    this.type = type;
    this.text = text;
    this.number = Packet.#count += 1;
  }

  static of(message: ServerMessage): Packet {
    return new Packet(message.type, encodeServerMessage(message));
  }

  /** The message by itself as a frame. */
  get frame(): Buffer {
    return (this.#frame ??= textFrame(Buffer.from(this.text)));
  }
}
