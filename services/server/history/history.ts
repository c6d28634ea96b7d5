import type { Packet } from '../transport/packet.ts';

/** One event of a history: `text` is the complete message as it goes over the wire. */
export interface LogEntry {
  readonly seq: number;
  readonly text: string;
}

/** A position in a history: an epoch, and the newest seq in it. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** A history in Redis that is announced over pub/sub: the events of a game, or the messages of a channel. */
export interface History {
  /** The pub/sub channel; its messages are `<epoch> <seq> <text>`. */
  readonly channel: string;
  /** The key of its head in Redis. */
  readonly head: string;
  readonly type: 'event' | 'message';
  /** Every entry after a position that still is there, oldest first; undefined when its epoch is over. */
  after(position: Position): Promise<LogEntry[] | undefined>;
  /** The newest entry; undefined when the history is gone. */
  position(): Promise<Position | undefined>;
  /** Called when more of this epoch was seen than exists: the history has to go on in another one. */
  renew(epoch: string): Promise<void>;
  /** Called once an entry has been given to the followers. */
  delivered?(epoch: string, entry: LogEntry): void;
}

export interface Follower {
  deliver(packet: Packet): void;
  /** The history is no longer the followed one: start over from a snapshot. */
  reset(): void;
  /** No more entries will come. */
  ended?(): void;
}
