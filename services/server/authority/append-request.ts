import { type AnyRoomType, type PlayerRef, RETENTION } from '../../protocol/index.ts';
import type { LogEntry } from '../history/history.ts';
import type { Plan } from './plan.ts';
import { type Memory, snapshotText, wantsSnapshot } from './room-memory.ts';

/** The bounds of a room in the store. Bytes are characters of JSON. */
export interface RoomBounds {
  /** Its largest state. */
  readonly stateBytes: number;
  /** How long events are kept for exact resumes at least, in milliseconds: longer than a client may be away. */
  readonly historyMs: number;
  /** The most events, and about the most bytes, that are kept in any case. */
  readonly historyEvents: number;
  readonly historyBytes: number;
}

/** The room to append to. */
export interface AppendTarget {
  readonly room: string;
  readonly type: AnyRoomType;
  readonly bounds: RoomBounds;
  /** The replica that holds the room; empty for none. */
  readonly hold: string;
  /** For how long the room is held from now on; undefined to leave the lease as it is. */
  readonly leaseMs: number | undefined;
  /** Whether this replica listens to the room, and no other replica did when this one last wrote. */
  readonly isAlone: boolean;
}

/** A request to the script `append`, and the room after it. */
export interface AppendRequest {
  /** The arguments in the order in which the script reads them. */
  readonly args: readonly (string | number)[];
  readonly entries: readonly LogEntry[];
  readonly memory: Memory;
}

/** The request to append a plan that was made from `memory`. */
export function appendRequest(target: AppendTarget, memory: Memory, plan: Plan): AppendRequest {
  const { room, type, bounds, hold, leaseMs, isAlone } = target;
  const entries = toEntries(room, memory, plan);
  let bytes = 0;
  for (const { text } of entries) bytes += text.length;
  const snapshot =
    entries.length > 0 && wantsSnapshot(memory, entries.length, bytes)
      ? snapshotText(memory.seq + entries.length, plan.at, plan.state)
      : undefined;
  const keep = entries.length > 0 ? keepOf(type, memory, plan) : undefined;
  const { requests, actors, answers, share, at } = plan;
  const args: (string | number)[] = [hold, memory.epoch, memory.seq, leaseMs ?? '', at];
  args.push(share ?? '', keep?.seconds ?? '');
  args.push(snapshot === undefined ? '' : keptHistory(bounds, memory, entries.length, bytes), isAlone ? 1 : '');
  // Counted lists.
  args.push(actors.length);
  for (const { player } of actors) args.push(`generation:${player}`);
  for (const { generation } of actors) args.push(generation);
  args.push(requests.length, ...requests, entries.length);
  for (const { text } of entries) args.push(text);
  args.push(answers.length);
  for (const { key, answer } of answers) args.push(key, `${answer.fingerprint} ${answer.seq}`);
  const fields = headFields(type, memory, plan);
  if (snapshot !== undefined) fields.push(['snapshot', snapshot]);
  args.push(fields.length);
  for (const [field, value] of fields) args.push(field, value);
  if (entries.length === 0) return { args, entries, memory };
  const { events, bytes: before, snapshot: last } = memory.since;
  const since =
    snapshot === undefined
      ? { events: events + entries.length, bytes: before + bytes, snapshot: last }
      : { events: 0, bytes: 0, snapshot: snapshot.length };
  const seq = memory.seq + entries.length;
  const expiresAt = keep?.until ?? memory.expiresAt;
  return { args, entries, memory: { epoch: memory.epoch, seq, at, state: plan.state, expiresAt, since } };
}

/** The events of a plan as they go over the wire. */
function toEntries(room: string, { epoch, seq }: Memory, { events, at }: Plan): LogEntry[] {
  return events.map(({ text, deadline, over }, index) => {
    const number = seq + index + 1;
    const head = `{"type":"event","game":"${room}","epoch":"${epoch}","seq":${number},"at":${at},"event":`;
    const changes = `${deadline === undefined ? '' : `,"deadline":${deadline}`}${over ? ',"over":true' : ''}`;
    return { seq: number, text: `${head}${text}${changes}}` };
  });
}

/** The fields of the head other than epoch and seq that the plan changes. */
function headFields(type: AnyRoomType, memory: Memory, plan: Plan): [string, string | number][] {
  const fields: [string, string | number][] = [];
  if (plan.events.length === 0) return fields;
  const members = type.members(plan.state);
  if (memory.state === undefined && type.isPublic(plan.state)) fields.push(['public', 1]);
  if (memory.state === undefined || !isSame(members, type.members(memory.state)))
    fields.push(['members', JSON.stringify(members.map(({ id }) => id))]);
  const deadline = plan.events.findLast((one) => one.deadline !== undefined)?.deadline;
  if (deadline !== undefined) fields.push(['deadline', deadline ?? '']);
  if (plan.events.some(({ over }) => over)) fields.push(['over', 1], ['deadline', '']);
  return fields;
}

const isSame = (some: readonly PlayerRef[], others: readonly PlayerRef[]): boolean =>
  some.length === others.length && some.every(({ id }, index) => id === others[index]!.id);

/** The bounds of the kept history, as the script reads them with a snapshot. */
function keptHistory(bounds: RoomBounds, { since }: Memory, events: number, bytes: number): string {
  const { historyMs, historyEvents, historyBytes } = bounds;
  const mean = (since.bytes + bytes) / (since.events + events);
  return `${historyMs} ${Math.max(1, Math.min(historyEvents, Math.floor(historyBytes / mean)))}`;
}

/** How long to keep the room, if that has changed. */
function keepOf(
  type: AnyRoomType,
  memory: Memory,
  { events, state, at }: Plan,
): { seconds: number; until: number } | undefined {
  const seconds = retentionOf(type, state, at);
  const until = at + seconds * 1000;
  const stays = !events.some((event) => event.deadline !== undefined || event.over) && type.members(state).length > 0;
  if (stays && Math.abs(until - memory.expiresAt) < seconds * 250) return undefined;
  return { seconds, until };
}

/** The seconds for which a room is kept after an event at `at`, if no event follows. */
export function retentionOf(type: AnyRoomType, state: unknown, at: number): number {
  const { idle, empty, over } = { ...RETENTION, ...type.retention };
  if (type.isOver(state)) return over;
  if (type.members(state).length === 0) return empty;
  const deadline = type.deadline(state);
  return deadline === undefined ? idle : Math.ceil(Math.max(0, deadline - at) / 1000) + over;
}
