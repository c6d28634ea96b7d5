import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import { CLOSE_CODES } from '../../protocol/index.ts';
import type { OperatorAction } from '../../protocol/operator.ts';
import type { Replica } from '../replica.ts';
import { KeysFile, newKey } from '../testing/backend.ts';
import { guest, TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

const KEY = newKey();
let ids = 0;
const newId = () => `test-${(ids += 1)}`;

interface Asked {
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Not fetch: it does not let Host and Origin be others. */
async function ask(url: string, { key = KEY, headers = {}, body }: Asked = {}) {
  const asked = request(url, {
    method: body === undefined ? 'GET' : 'POST',
    agent: false,
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  }).end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const isJson = response.headers['content-type']?.startsWith('application/json');
  return { status: response.statusCode, body: isJson ? JSON.parse(text) : text };
}

const bodyOf = (action: OperatorAction, id = newId()) => JSON.stringify({ id, request: action });

for (const design of DESIGNS) {
  describe(`an operator, ${design}`, () => {
    let redis: TestRedis;
    let keys: KeysFile;
    let replicas: Replica[] = [];
    const drained: string[] = [];
    const clients: TestClient[] = [];

    before(async () => {
      redis = await startRedis();
      keys = new KeysFile(`olga:${KEY}`);
      const start = (appId: string) =>
        startTestReplica(redis.url, appId, { design, operatorKeysFile: keys.path }, undefined, () =>
          drained.push(appId),
        );
      replicas = await Promise.all(['1111', '2222'].map(start));
      await until(() => replicas.every(({ membership }) => membership.members.length === 2), 'they know each other');
    });
    after(async () => {
      for (const client of clients) client.close();
      await Promise.all(replicas.map((replica) => replica.drain()));
      await redis?.stop();
      keys?.remove();
    });

    const api = (path: string, replica = 0) => `${replicas[replica]!.internalUrl}/ops/api/${path}`;
    const act = (action: OperatorAction, { replica = 0, ...asked }: Asked & { replica?: number } = {}) =>
      ask(api('actions', replica), { body: bodyOf(action), ...asked });
    async function join(replica: number, name: string): Promise<TestClient> {
      const { token } = await guest(replicas[replica]!.url, { name });
      const client = await TestClient.connect(replicas[replica]!.url, token);
      clients.push(client);
      return client;
    }
    const idOf = async (client: TestClient) => (await client.next('welcome')).player.id;
    async function newGame(client: TestClient): Promise<string> {
      const made = await client.request({ type: 'create', players: 2, size: 3, seconds: 60 });
      assert.equal(made.type, 'ack', JSON.stringify(made));
      return made.game!;
    }
    /** What the event log has of actions, the newest first. */
    async function told(): Promise<string[]> {
      const store = new Redis(redis.url);
      const entries = await store.xrevrange('gridlock:{ops}:events', '+', '-', 'COUNT', 50);
      store.disconnect();
      return entries
        .map(([, fields]) =>
          Object.fromEntries(fields.flatMap((value, at) => (at % 2 ? [] : [[value, fields[at + 1]]]))),
        )
        .filter(({ kind }) => kind === 'action')
        .map(({ text }) => text as string);
    }

    test('is known by the key, and told what cannot be done here', async () => {
      const { status, body } = await ask(api('session'));
      assert.deepEqual([status, body.operator, Object.keys(body.unavailable)], [200, 'olga', ['rotate']]);
    });

    test('without a key, with a wrong one, from another origin or as a form, nothing is done', async () => {
      const ada = await join(0, 'Ada');
      const [player, room] = [await idOf(ada), await newGame(ada)];
      const actions: OperatorAction[] = [
        { action: 'drain', replica: '1111' },
        { action: 'move', replica: '1111' },
        { action: 'disconnect', player, revoke: true },
        { action: 'close', room },
        { action: 'publish', channel: 'lobby', data: { text: 'hello' } },
        { action: 'rotate' },
      ];
      const { host } = new URL(replicas[0]!.internalUrl);
      const ways: [number, Asked][] = [
        [401, { key: '' }],
        [401, { key: newKey() }],
        [403, { headers: { origin: 'https://evil.example' } }],
        // A name that was made to lead here.
        [403, { headers: { host: 'evil.example', origin: 'http://evil.example' } }],
        // What a form of another page can send.
        [415, { headers: { 'content-type': 'text/plain' } }],
      ];
      for (const action of actions) {
        for (const [status, way] of ways) {
          assert.equal((await act(action, way)).status, status, `${action.action} ${JSON.stringify(way)}`);
        }
        // The side that the edge publishes has no such path, whatever it is written as.
        for (const path of ['/ops/api/actions', '//ops/api/actions', '/%6fps/api/actions', '/x/../ops/api/actions']) {
          const { status } = await ask(replicas[0]!.url + path, { body: bodyOf(action), headers: { host } });
          assert.ok([403, 404].includes(status!), `${path} ${status}`);
        }
      }
      for (const path of ['session', 'rooms', 'connections', `rooms/${room}`]) {
        assert.equal((await ask(api(path), { key: '' })).status, 401, path);
        assert.equal((await ask(api(path), { headers: { origin: 'https://evil.example' } })).status, 403, path);
      }
      // All is as it was.
      assert.deepEqual(drained, []);
      assert.equal((await ask(api(`rooms/${room}`))).body.over, false);
      assert.equal(ada.closeCode, undefined);
      assert.equal((await ada.request({ type: 'subscribe', channel: 'lobby' })).type, 'ack');
      const actionsTold = await told();
      assert.ok(!actionsTold.some((text) => text.startsWith('olga')), actionsTold.join('\n'));
      assert.match(actionsTold.join('\n'), /had a key that no operator has\. Nothing was done\./);
    });

    test('is told what is wrong with an action', async () => {
      const bad = (request: object) => ask(api('actions'), { body: JSON.stringify({ id: newId(), request }) });
      const answers = await Promise.all([
        bad({ action: 'explode' }),
        bad({ action: 'close', room: 'x' }),
        bad({ action: 'disconnect', player: 'a b' }),
        ask(api('actions'), { body: '{' }),
        ask(api('actions'), { body: JSON.stringify({ id: 'x', request: 'y'.repeat(9000) }) }),
        act({ action: 'close', room: 'ZZZZZZ' }),
        act({ action: 'publish', channel: 'nowhere', data: {} }),
        act({ action: 'drain', replica: '9999' }),
        ask(api('actions')),
        ask(api('nowhere')),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [400, 400, 400, 400, 413, 404, 404, 404, 400, 404],
      );
      assert.match(answers[7]!.body.message, /^There is no replica 9999/);
    });

    test('closes a room: its players see the end, and a repeat is the same close', async () => {
      const bob = await join(1, 'Bob');
      const room = await newGame(bob);
      const request = bodyOf({ action: 'close', room });
      const closed = await ask(api('actions'), { body: request });
      assert.deepEqual([closed.status, closed.body], [200, { text: 'Event 3 ended it.' }]);
      const event = await bob.next('event', ({ game }) => game === room);
      assert.deepEqual([event.event.kind, event.over], ['finished', true]);
      const again = await ask(api('actions', 1), { body: request });
      assert.equal(again.body.text, 'It was closed before, by event 3.');
      assert.equal((await act({ action: 'close', room })).body.code, 'game_over');
      const { body } = await ask(api(`rooms/${room}/events?after=2`));
      assert.deepEqual([body.seq, body.events.length, body.events[0].over], [3, 1, true]);
      assert.match((await told())[1]!, new RegExp(`^olga: close room ${room}\\. It was closed before`));
      assert.match((await told())[0]!, new RegExp(`^olga: close room ${room}\\. It failed: `));
    });

    test('disconnects a player, on whichever replica', async () => {
      const cyd = await join(1, 'Cyd');
      const player = await idOf(cyd);
      assert.equal((await act({ action: 'disconnect', player, revoke: false })).status, 200);
      assert.equal(await cyd.closed(), CLOSE_CODES.disconnected.code);
      const back = await TestClient.connect(replicas[0]!.url, cyd.token);
      clients.push(back);
      assert.equal((await act({ action: 'disconnect', player, revoke: true })).status, 200);
      assert.equal(await back.closed(), CLOSE_CODES.unauthorized.code);
      assert.match((await told())[0]!, new RegExp(`^olga: log out player ${player}`));
    });

    test('publishes to a channel under the name of the key', async () => {
      const dan = await join(1, 'Dan');
      await dan.request({ type: 'subscribe', channel: 'lobby' });
      assert.equal((await act({ action: 'publish', channel: 'lobby', data: { text: 'at six' } })).status, 200);
      const message = await dan.next('message', ({ data }) => (data as { text: string }).text === 'at six');
      assert.deepEqual(message.player, { id: 'operator-olga', name: 'olga' });
      const bad = await act({ action: 'publish', channel: 'lobby', data: { text: '' } });
      assert.equal(bad.status, 400);
    });

    test('lists connections of all replicas, the newest first, page by page, and finds them', async () => {
      const eve = await join(0, 'Eve the Seeker');
      const room = await newGame(eve);
      const fay = await join(1, 'Fay');
      const found: string[] = [];
      let next: { since: number; id: string } | null = null;
      do {
        const place: string = next === null ? '' : `&since=${next.since}&id=${next.id}`;
        const { body } = await ask(api(`connections?limit=1${place}`, found.length % 2));
        assert.deepEqual(body.silent, []);
        found.push(...body.connections.map(({ id }: { id: string }) => id));
        ({ next } = body);
      } while (next !== null);
      const open = replicas.flatMap(({ sockets }) => sockets.all().map(({ id }) => id));
      assert.deepEqual([...found].sort(), open.sort(), 'every one, once');
      assert.deepEqual(found.slice(0, 2), [
        (await fay.next('welcome')).connection,
        (await eve.next('welcome')).connection,
      ]);
      const byName = (await ask(api('connections?search=SEEKER', 1))).body.connections;
      assert.equal(byName.length, 1);
      const { id: _, since, ...rest } = byName[0];
      assert.ok(Math.abs(since - Date.now()) < 60_000);
      assert.deepEqual(rest, {
        player: { id: await idOf(eve), name: 'Eve the Seeker' },
        replica: '1111',
        transport: 'websocket',
        address: '127.0.0.1',
        rooms: [{ room, watching: false }],
      });
      const inRoom = (await ask(api(`connections?room=${room}`, 1))).body.connections;
      assert.deepEqual([inRoom.length, inRoom[0].player.name], [1, 'Eve the Seeker']);
      assert.equal((await ask(api('connections?limit=1000'))).status, 400);
    });

    test('lists rooms, finds them by code and member, and reads state and history', async () => {
      const gil = await join(0, 'Gil');
      const [room, player] = [await newGame(gil), await idOf(gil)];
      const search = async (text: string) => (await ask(api(`rooms?search=${text}`, 1))).body.rooms;
      for (const text of [room.toLowerCase(), player.slice(0, 8)]) {
        const rooms = await search(text);
        assert.deepEqual([rooms.length, rooms[0].room, rooms[0].members], [1, room, [player]], text);
      }
      assert.deepEqual(await search('nobody-has-this'), []);
      const { body } = await ask(api(`rooms/${room}`, 1));
      assert.deepEqual([body.members[0].name, body.state.status, body.seq, body.over], ['Gil', 'waiting', 2, false]);
      assert.equal((await ask(api('rooms/ZZZZZZ'))).status, 404);
    });

    test('moves the sockets of a replica: they are sent away, and the replica stays', async () => {
      const hal = await join(1, 'Hal');
      const { status, body } = await act({ action: 'move', replica: '2222' });
      assert.equal(status, 200);
      assert.match(body.text, /^It sends [1-9]\d* sockets away\.$/);
      assert.deepEqual([(await hal.next('going_away')).rebalance, await hal.closed()], [true, 1012]);
      assert.equal(replicas[1]!.readiness.reason, undefined);
      assert.match((await told())[0]!, /^olga: move the sockets of replica 2222\. It sends/);
    });

    test('has a replica drained, through another one', async () => {
      const { status, body } = await act({ action: 'drain', replica: '2222' }, { replica: 0 });
      assert.equal(status, 200);
      assert.match(body.text, /^It drains \d+ sockets, ends, and is restarted\.$/);
      await until(() => drained.includes('2222'), 'it begins');
      assert.deepEqual(drained, ['2222']);
      assert.match((await told())[0]!, /^olga: drain replica 2222\. It drains/);
    });

    test('a replica that does not answer is named, and the others are listed', async () => {
      const ghost = { replica: '0000', startedAt: 1, sockets: 3, games: 0, ready: true, draining: false };
      const store = new Redis(redis.url);
      await store.spublish('gridlock:membership', JSON.stringify(ghost));
      store.disconnect();
      await until(() => replicas[0]!.membership.members.length === 3, 'it is heard of');
      const { body } = await ask(api('connections'));
      assert.deepEqual(body.silent, ['0000']);
      assert.ok(body.connections.length > 0);
    });
  });
}

test('a cluster without keys of operators lets nobody act, and says so', async () => {
  const redis = await startRedis();
  const replica = await startTestReplica(redis.url, '1111');
  try {
    const { status, body } = await ask(`${replica.internalUrl}/ops/api/session`);
    assert.equal(status, 404);
    assert.match(body, /no keys of operators \(operatorKeysFile\)/);
  } finally {
    await replica.drain();
    await redis.stop();
  }
});
