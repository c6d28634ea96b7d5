import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import { connectStore, disconnectStore, type Store } from '../redis/connect.ts';
import { startCluster } from '../testing/cluster.ts';
import { startRedis } from '../testing/redis.ts';
import { settingsOf } from '../testing/replica.ts';
import { Problem } from './problem.ts';
import { RoomList } from './room-list.ts';

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const codeOf = (index: number): string =>
  `R${[...String(index).padStart(5, '0')].map((digit) => LETTERS[Number(digit)]).join('')}`;

/** Every primary answers. */
const connected = (redis: Store) =>
  until(async () => {
    const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
    const pings = await Promise.all(nodes.map((node) => node.ping().catch(() => undefined)));
    return pings.length > 0 && pings.every((pong) => pong === 'PONG');
  }, 'Redis is connected');

/** Heads of rooms as the append script leaves them, and keys of other kinds between them. */
async function fill(redis: Store, rooms: number): Promise<void> {
  for (let from = 0; from < rooms; from += 200) {
    await Promise.all(
      Array.from({ length: Math.min(200, rooms - from) }, async (_, offset) => {
        const room = codeOf(from + offset);
        await redis.hset(`gridlock:{${room}}:state`, { epoch: 'e', seq: 3, members: '["ada"]', deadline: '' });
        await redis.set(`gridlock:{${room}}:lease`, 'x');
      }),
    );
  }
}

async function listed(list: RoomList, limit: number): Promise<{ rooms: string[]; pages: number }> {
  const rooms: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages += 1) {
    const page = await list.page(cursor || undefined, limit);
    rooms.push(...page.rooms.map(({ room }) => room));
    cursor = page.cursor;
  }
  return { rooms, pages };
}

const refusedWith = (code: string) => (error: unknown) => error instanceof Problem && error.code === code;

test('all rooms are listed in pages of about the limit; those that are over are not', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const redis = connectStore(settingsOf(server.url), 'list').on('error', () => undefined);
  context.after(() => disconnectStore(redis));
  await connected(redis);
  const list = new RoomList(redis);
  assert.deepEqual(await list.page(undefined, 10), { rooms: [], cursor: null });
  await fill(redis, 2000);
  await redis.hset(`gridlock:{${codeOf(7)}}:state`, 'over', 1);
  const { rooms, pages } = await listed(list, 100);
  assert.equal(new Set(rooms).size, 1999);
  assert.ok(!rooms.includes(codeOf(7)));
  assert.ok(pages >= 4 && pages <= 20, `${pages} pages`);
  await server.kill();
  await server.restart();
  await connected(redis);
  const { cursor } = await list.page(undefined, 10);
  await server.kill();
  await server.restart();
  await connected(redis);
  await assert.rejects(list.page(cursor!, 10), refusedWith('cursor_expired'));
  for (const wrong of ['abc', Buffer.from('["-","x"]').toString('base64url')])
    await assert.rejects(list.page(wrong, 10), refusedWith('bad_request'));
});

test('a page without rooms costs no more than one with many', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const redis = connectStore(settingsOf(server.url), 'list').on('error', () => undefined);
  context.after(() => disconnectStore(redis));
  await connected(redis);
  await Promise.all(Array.from({ length: 12_000 }, (_, index) => redis.set(`gridlock:{other}:${index}`, 'x')));
  const list = new RoomList(redis);
  const page = await list.page(undefined, 10);
  assert.deepEqual(page.rooms, []);
  assert.notEqual(page.cursor, null);
  assert.deepEqual((await listed(list, 10)).rooms, []);
});

test('in a cluster the rooms of all its primaries are listed', async (context) => {
  const cluster = await startCluster();
  context.after(() => cluster.stop());
  const redis = connectStore(cluster.settings, 'list').on('error', () => undefined);
  context.after(() => disconnectStore(redis));
  await connected(redis);
  await fill(redis, 600);
  const { rooms } = await listed(new RoomList(redis), 50);
  assert.equal(new Set(rooms).size, 600);
});

test('a listing begins again when another primary takes over', async (context) => {
  const cluster = await startCluster();
  context.after(() => cluster.stop());
  const redis = connectStore(cluster.settings, 'list').on('error', () => undefined) as Cluster;
  context.after(() => disconnectStore(redis));
  await connected(redis);
  const list = new RoomList(redis);
  await fill(redis, 600);
  let place = await list.page(undefined, 1);
  const first = () => JSON.parse(Buffer.from(place.cursor!, 'base64url').toString('utf8'))[0] as string;
  const begun = first();
  while (first() === begun) place = await list.page(place.cursor!, 1);
  // The first node is not needed for the rest, but its replacement may come later in the order.
  const primary = cluster.masters.find(({ port }) => begun.endsWith(`:${port}`))!;
  await primary.kill();
  const names = () => redis.nodes('master').map(({ options }) => `${options.host}:${options.port}`);
  await until(() => !names().includes(begun) && names().length === 3, 'another primary is known', 60_000);
  await assert.rejects(list.page(place.cursor!, 10), refusedWith('cursor_expired'));
});
