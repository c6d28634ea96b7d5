import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../tests/kit/wait.ts';
import { counter } from '../../apps/counter/counter.ts';
import { FREE, type GridMessageOf, grid } from '../../apps/grid/grid.ts';
import type { AnyRoomType, ServerMessage, ServerMessageOf } from '../../protocol/index.ts';
import { TestClient } from './client.ts';

export type Answer = ServerMessageOf<'ack'> | ServerMessageOf<'error'>;

/** The acknowledgement, or a failure that shows what came instead. */
export function ok(answer: Answer): ServerMessageOf<'ack'> {
  assert.equal(answer.type, 'ack', JSON.stringify(answer));
  return answer as ServerMessageOf<'ack'>;
}

const PATIENCE_MS = 20_000;

/** Repeats a request after the time in its refusal. A client that repeats sooner is closed. */
export async function patiently(
  client: TestClient,
  request: Parameters<TestClient['request']>[0],
  reasons: readonly string[] = ['rate_limited'],
): Promise<Answer> {
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    const answer = await client.request(request);
    if (answer.type === 'ack' || !reasons.includes(answer.code) || performance.now() > deadline) return answer;
    await delay(answer.retryAfterMs!);
  }
}

export const sequence = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** The way to play a room of two with an application. */
export interface Playable {
  readonly type: AnyRoomType;
  readonly settings: object;
  /** Its newest event when both are in it. */
  readonly begun: number;
  /** Commands, each of them another one, up to 255. */
  command(number: number): { readonly kind: string };
}

export const GRID: Playable = {
  type: grid,
  settings: { players: 2, size: 16, seconds: 120 },
  begun: 4,
  command: (cell) => ({ kind: 'capture', cell }),
};
export const COUNTER: Playable = {
  type: counter,
  settings: { step: 100 },
  begun: 3,
  command: (number) => ({ kind: 'add', times: (number % 9) + 1 }),
};
/** Both applications, for each of which every test must hold. */
export const PLAYABLE: readonly Playable[] = [GRID, COUNTER];

/** A command as it goes over a socket. */
export function requestOf(playable: Playable, game: string, number: number): Parameters<TestClient['request']>[0] {
  const { kind, ...fields } = playable.command(number);
  return { type: kind, game, ...fields } as Parameters<TestClient['request']>[0];
}

/** A room of two, on a replica each, in which both may act. */
export async function startedRoom({ settings, begun }: Playable, urls: readonly [string, string]) {
  const [ada, bob] = (await Promise.all(urls.map((url) => TestClient.connect(url)))) as [TestClient, TestClient];
  const create = { type: 'create', ...settings } as Parameters<TestClient['request']>[0];
  const { game, epoch } = ok(await ada.request(create));
  ok(await bob.request({ type: 'join', game: game! }));
  await ada.next('event', ({ seq }) => seq === begun);
  return { ada, bob, game: game!, epoch: epoch! };
}

/** A game of two, on a replica each, that has just begun: its newest event is the fourth. */
export async function startedGame(urls: readonly [string, string], size: number, seconds = 120) {
  const [ada, bob] = (await Promise.all(urls.map((url) => TestClient.connect(url)))) as [TestClient, TestClient];
  const { game, epoch } = ok(await ada.request({ type: 'create', players: 2, size, seconds }));
  ok(await bob.request({ type: 'join', game: game! }));
  await ada.next('event', ({ event }) => event.kind === 'started');
  return { ada, bob, game: game!, epoch: epoch! };
}

/** Captures the cells, or sends other commands, one after the other, and insists, with the same id, while Redis is away. */
export async function retryUntilSettled(
  client: TestClient,
  game: string,
  cells: readonly number[],
  onAck: (ack: ServerMessageOf<'ack'>, cell: number) => void,
  prefix = 'cell',
  playable = GRID,
): Promise<void> {
  for (const cell of cells) {
    for (;;) {
      const answer = await client.request({ ...requestOf(playable, game, cell), id: `${prefix}${cell}` });
      if (answer.type === 'ack') {
        onAck(answer, cell);
        break;
      }
      // A repeat makes a lost capture again, and finds a kept one.
      if (answer.code === 'cell_taken' || answer.code === 'game_over') break;
      assert.ok(['unavailable', 'rate_limited'].includes(answer.code), answer.code);
      await delay(answer.retryAfterMs ?? 100);
    }
  }
}

/**
 * The cells nobody holds, from a snapshot. Repeats as `retryUntilSettled` does, because a client that just played fast
 * is asked to wait.
 */
export async function freeCells(client: TestClient, game: string): Promise<number[]> {
  const from = client.received.length;
  for (;;) {
    const answer = await client.request({ type: 'resume', game, epoch: 'none', seq: 0 });
    if (answer.type === 'ack') break;
    assert.ok(['unavailable', 'rate_limited'].includes(answer.code), answer.code);
    await delay(answer.retryAfterMs ?? 100);
  }
  const isIt = (item: ServerMessage) => item.type === 'snapshot' && item.game === game;
  await until(() => client.received.slice(from).some(isIt), 'the snapshot comes');
  const { state } = client.received.slice(from).find(isIt) as GridMessageOf<'snapshot'>;
  return state.cells.flatMap((holder, cell) => (holder === FREE ? [cell] : []));
}

/** Throws if one (epoch, seq) was ever used for two events, as far as these clients saw. Gives how many there were. */
export function positionsSeen(clients: readonly TestClient[]): number {
  const seen = new Map<string, string>();
  const see = (key: string, content: unknown) => {
    const text = JSON.stringify(content);
    assert.equal(seen.get(key) ?? text, text, `${key} is one thing`);
    seen.set(key, text);
  };
  for (const item of clients.flatMap(({ received }) => received)) {
    if (item.type === 'event') see(`${item.game} ${item.epoch} ${item.seq}`, item.event);
    if (item.type === 'message') see(`${item.channel} ${item.epoch} ${item.seq}`, item.data);
    if (item.type === 'history') {
      for (const { seq, data } of item.messages) see(`${item.channel} ${item.epoch} ${seq}`, data);
    }
  }
  return seen.size;
}

/** The end of the game came as its event, or with the snapshot of a later epoch. */
export const isOver = (client: TestClient, game: string) =>
  client.received.some(
    (item) =>
      (item.type === 'event' && item.game === game && item.event.kind === 'finished') ||
      (item.type === 'snapshot' && item.game === game && item.state.status === 'completed'),
  );

/**
 * Judges what a client saw of a game: within an epoch no event is missing after the snapshot that began it, or the
 * one before, and none comes twice.
 */
export function assertGapless(client: TestClient, game: string): void {
  let [epoch, seq] = ['', 0];
  for (const item of client.received) {
    if ((item.type !== 'snapshot' && item.type !== 'event') || item.game !== game) continue;
    if (item.type === 'event') {
      assert.deepEqual([item.epoch, item.seq], [epoch, seq + 1], `after ${epoch} ${seq}`);
    } else if (epoch !== '') {
      assert.equal(item.recovered, false, 'who was in the game already is told');
    }
    [epoch, seq] = [item.epoch, item.seq];
  }
}
