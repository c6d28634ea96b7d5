import type { Transport } from '../../protocol/index.ts';
import type { Packet } from './packet.ts';

/** The events of a socket. */
export interface TransportEvents {
  message(data: Buffer, isBinary: boolean): void;
  /** The peer gave a sign of life other than a message. */
  heard(): void;
  /** The same with a ping or pong frame of this many bytes, which costs as much as a message. */
  control(bytes: number): void;
  /** The peer sent too much at once, so the connection must be closed. */
  tooBig(): void;
  /** An error; `closed` follows. */
  failed(error: Error): void;
  /** The socket has ended; called once. `code` as in the table of close codes. */
  closed(code: number): void;
}

/** What a connection needs of its transport. */
export interface TransportSocket {
  readonly transport: Transport;
  /** Names the connection where requests find it by that. */
  readonly id?: string;
  readonly isOpen: boolean;
  /** Bytes that wait for a slow reader. */
  readonly bufferedAmount: number;
  /** To be called once, before anything arrives. */
  listen(events: TransportEvents): void;
  /** Sends one frame: a message, or several of them. Only while it is open. */
  write(packet: Packet): void;
  ping(): void;
  /** Earlier writes still arrive, then the peer gets the code. */
  close(code: number, reason: string): void;
  /** Ends it without a word. */
  terminate(): void;
}
