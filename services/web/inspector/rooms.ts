import { signal } from '@preact/signals';
import type { GridlockClient, GridlockError, Health, Room } from '../../client/index.ts';

/** The most events of a room that are shown. */
const MOST_EVENTS = 200;

export interface ShownRoom {
  readonly room: Room;
  readonly seq: number;
  readonly state: unknown;
  /** The events of the room, newest first. */
  readonly events: readonly { readonly seq: number; readonly text: string }[];
}

export const health = signal<Health | undefined>(undefined);
export const shown = signal<ShownRoom | undefined>(undefined);
/** The result of the last request. */
export const said = signal<{ readonly text: string; readonly isBad: boolean } | undefined>(undefined);

let client: GridlockClient;

/** Connects, and shows the room whose code is in the address. */
export function startRooms(own: GridlockClient): void {
  client = own;
  client.on('health', (now) => void (health.value = now));
  client.on('room', show);
  client.on('error', (error) => void (said.value = { text: sentence(error), isBad: true }));
  void client.connect();
  const code = location.hash.slice(1);
  if (code !== '') void join(code);
}

function show(room: Room): void {
  shown.value = { room, seq: room.seq, state: room.state, events: [] };
  location.hash = room.code;
  const update = (...newest: ShownRoom['events']) => {
    if (shown.value?.room !== room) return;
    const events = [...newest, ...shown.value.events].slice(0, MOST_EVENTS);
    shown.value = { room, seq: room.seq, state: room.state, events };
  };
  room.on('event', ({ seq, event }) => update({ seq, text: JSON.stringify(event) }));
  room.on('snapshot', () => update());
}

export const create = (settings: string) => attempt(() => client.create(JSON.parse(settings)));
export const match = (settings: string) => attempt(() => client.match(JSON.parse(settings)));
export const join = (code: string) => attempt(() => client.join(code.trim().toUpperCase()));
export const send = (command: string) => attempt(() => shown.value!.room.send(JSON.parse(command)));

export function leave(): Promise<void> {
  const { room } = shown.value!;
  return attempt(async () => {
    await room.leave();
    shown.value = undefined;
    location.hash = '';
    return { seq: undefined };
  });
}

async function attempt(task: () => Promise<{ readonly seq?: number | undefined }>): Promise<void> {
  try {
    const { seq } = await task();
    said.value = { text: seq === undefined ? 'Done.' : `Done: event ${seq}.`, isBad: false };
  } catch (error) {
    said.value = { text: sentence(error as Error), isBad: true };
  }
}

const sentence = (error: Error): string => {
  const { code } = error as Partial<GridlockError>;
  return code === undefined ? error.message : `${error.message} (${code})`;
};
