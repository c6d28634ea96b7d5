import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionQuery } from '../../protocol/operator.ts';
import { listConnections } from './connection-list.ts';

const ROOM = 'ABCDEF';
const connection = (number: number, openedAt = number) => ({
  id: `c${String(number).padStart(3, '0')}`,
  player: { id: `p${number}`, name: number % 2 ? `Odd ${number}` : `Even ${number}` },
  transport: 'websocket' as const,
  address: `10.0.0.${number}`,
  openedAt,
  rooms: number === 7 ? [{ game: ROOM, isWatching: true }] : [],
  follows: (room: string) => number === 7 && room === ROOM,
});
const query = (change: Partial<ConnectionQuery> = {}): ConnectionQuery => ({ search: '', limit: 3, ...change });
const idsOf = (connections: ReturnType<typeof connection>[], asked: ConnectionQuery) =>
  listConnections(connections, '1111', asked).map(({ id }) => id);

test('a page has the newest connections, in whatever order they are kept', () => {
  const all = [4, 9, 1, 7, 2].map((number) => connection(number));
  assert.deepEqual(idsOf(all, query()), ['c009', 'c007', 'c004']);
});

test('the pages list every connection once, even those of the same millisecond', () => {
  const all = Array.from({ length: 10 }, (_, number) => connection(number, number < 5 ? 1 : 2));
  const found: string[] = [];
  for (let page = 0; page < 5; page += 1) {
    const last = all.find(({ id }) => id === found.at(-1));
    const after = last === undefined ? {} : { after: { since: last.openedAt, id: last.id } };
    found.push(...idsOf(all, query(after)));
  }
  assert.deepEqual(found, ['c005', 'c006', 'c007', 'c008', 'c009', 'c000', 'c001', 'c002', 'c003', 'c004']);
});

test('connections are found by player, address and room', () => {
  const all = Array.from({ length: 10 }, (_, number) => connection(number));
  assert.deepEqual(idsOf(all, query({ search: ' ODD ' })), ['c009', 'c007', 'c005']);
  assert.deepEqual(idsOf(all, query({ search: 'p3' })), ['c003']);
  assert.deepEqual(idsOf(all, query({ search: '10.0.0.8' })), ['c008']);
  assert.deepEqual(idsOf(all, query({ search: 'nobody' })), []);
  const [one] = listConnections(all, '1111', query({ room: ROOM }));
  assert.deepEqual([one?.id, one?.replica, one?.rooms], ['c007', '1111', [{ room: ROOM, watching: true }]]);
});

test('a page of a full replica takes milliseconds', () => {
  const all = Array.from({ length: 20_000 }, (_, number) => connection(number));
  const shortest = (work: () => unknown) => {
    const times = Array.from({ length: 5 }, () => {
      const from = performance.now();
      work();
      return performance.now() - from;
    });
    return Math.min(...times);
  };
  const search = () => listConnections(all, '1111', query({ search: 'nobody at all', limit: 50 }));
  const sorted = () => [...all].sort((one, other) => one.player.name.localeCompare(other.player.name));
  assert.ok(shortest(search) < 3 * shortest(sorted), 'it costs less than to sort them by name a few times');
});
