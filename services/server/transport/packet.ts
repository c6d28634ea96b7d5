import { encodeServerMessage, type ServerMessage } from '../../protocol/index.ts';
import { textFrame } from './frame.ts';

/** What goes over the wire at once, made once and given to every socket that gets it. */
export class Packet {
  readonly text: string;
  /** For the metrics: the `type` of the first message. */
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

  /** Several messages in one. */
  static joined(packets: readonly Packet[]): Packet {
    return new Packet(packets[0]!.type, `[${packets.map(({ text }) => text).join(',')}]`);
  }

  /** As a frame of a WebSocket. */
  get frame(): Buffer {
    return (this.#frame ??= textFrame(this.text));
  }
}
