import { encodeServerMessage, type ServerMessage } from '../../protocol/index.ts';

/** The bytes of one write, made once and given to every socket that gets them. */
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

const TEXT = 0x81;

/** One unmasked text frame, header and all (RFC 6455, 5.2): the same bytes for every socket that gets it. */
export function textFrame(payload: string): Buffer {
  const length = Buffer.byteLength(payload);
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + length);
  frame[0] = TEXT;
  frame[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.write(payload, 2 + extended);
  return frame;
}
