import type { AnyRoomType } from '../../protocol/index.ts';
import type { LogEntry } from '../history/history.ts';
import { newEpoch, type RawEntry, toEntry } from '../history/history-store.ts';

/** A snapshot is written once this many events, with as many bytes as the last snapshot, came after it. */
const SNAPSHOT_EVENTS = 64;

/** A room in the memory of a replica. */
export interface Memory {
  readonly epoch: string;
  readonly seq: number;
  /** The time of the newest event, in milliseconds; the next one is not before it. */
  readonly at: number;
  /** A value of the room type's; undefined while the room does not exist. */
  readonly state: unknown;
  /** When its keys expire, in milliseconds by the store's clock; 0 when that is not known. */
  readonly expiresAt: number;
  /** Events since the newest snapshot and their bytes, and the bytes of that snapshot. */
  readonly since: { readonly events: number; readonly bytes: number; readonly snapshot: number };
}

/** A room that is not in the store. */
export const emptyMemory = (): Memory => ({
  epoch: newEpoch(),
  seq: 0,
  at: 0,
  state: undefined,
  expiresAt: 0,
  since: { events: 0, bytes: 0, snapshot: 0 },
});

/** The reply of the script `room`. */
export type RawRoom = [tag: 'room', now: string, epoch: string, seq: string, snapshot: string, entries: RawEntry[]];

/** The value of the field `snapshot` at the head of a room. */
export const snapshotText = (seq: number, at: number, state: unknown): string =>
  `${seq} ${at} ${JSON.stringify(state)}`;

/** Folds a room from its snapshot and the events after it. */
export function readMemory(type: AnyRoomType, [, , epoch, , snapshot, entries]: RawRoom): Memory {
  let memory: Memory = { ...emptyMemory(), epoch };
  const parts = /^(\d+) (\d+) (.*)$/s.exec(snapshot);
  if (parts) {
    const [, seq, at, state] = parts as unknown as [string, string, string, string];
    memory = {
      ...memory,
      seq: Number(seq),
      at: Number(at),
      state: JSON.parse(state),
      since: { events: 0, bytes: 0, snapshot: state.length },
    };
  }
  for (const entry of entries.map(toEntry)) memory = followed(type, memory, entry);
  return memory;
}

/** The room after one more entry. Throws if the entry is not the next one, or cannot follow. */
export function followed(type: AnyRoomType, memory: Memory, { seq, text }: LogEntry): Memory {
  if (seq !== memory.seq + 1) throw new Error(`Event ${seq} of a room does not follow ${memory.seq}.`);
  const { event, at, deadline, over } = JSON.parse(text) as FollowedEvent;
  const { events, bytes, snapshot } = memory.since;
  const state = type.evolve(memory.state, event, at);
  // The writer may have changed how long the room is kept, which is not known here.
  const isKeptOtherwise = deadline !== undefined || over || isEmpty(type, memory.state) !== isEmpty(type, state);
  return {
    ...memory,
    seq,
    at,
    state,
    expiresAt: isKeptOtherwise ? 0 : memory.expiresAt,
    since: { events: events + 1, bytes: bytes + text.length, snapshot },
  };
}

interface FollowedEvent {
  readonly event: unknown;
  readonly at: number;
  readonly deadline?: number | null;
  readonly over?: true;
}

const isEmpty = (type: AnyRoomType, state: unknown): boolean => state === undefined || type.members(state).length === 0;

/** Whether another snapshot is due after adding `events` with this many `bytes`. */
export const wantsSnapshot = ({ since }: Memory, events: number, bytes: number): boolean =>
  since.events + events >= SNAPSHOT_EVENTS && since.bytes + bytes >= since.snapshot;
