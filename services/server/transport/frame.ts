import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

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

/**
 * Writes a whole frame to an open socket. `ws` would make the header anew for each; without compression it queues
 * nothing itself, so that what it sends and this keep their order.
 */
export function writeFrame(socket: WebSocket, frame: Buffer): void {
  (socket as unknown as { _socket: Duplex })._socket.write(frame);
}
