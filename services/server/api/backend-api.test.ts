import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { counter } from '../../apps/counter/counter.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { Backend, KeysFile, newKey } from '../testing/backend.ts';
import { guest, TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

const KEY = newKey();
const OTHER_KEY = newKey();
const PLAYER = { id: 'ada', name: 'Ada' };

let redis: TestRedis;
let keysFile: KeysFile;
before(async () => {
  keysFile = new KeysFile(`shop:${KEY}`, `game:${OTHER_KEY}`);
  redis = await startRedis();
});
after(async () => {
  await redis?.stop();
  keysFile?.remove();
});

for (const design of DESIGNS) {
  describe(design, () => {
    let replicas: Replica[] = [];
    let one: Backend;
    let two: Backend;
    let other: Backend;
    before(async () => {
      const given = { design, apiKeysFile: keysFile.path };
      replicas = await Promise.all(
        ['1111', '2222'].map((appId) => startTestReplica(redis.url, `${design[5]}${appId}`, given, counter)),
      );
      one = new Backend(replicas[0]!.url, KEY);
      two = new Backend(replicas[1]!.url, KEY);
      other = new Backend(replicas[1]!.url, OTHER_KEY);
    });
    after(() => Promise.all(replicas.map((replica) => replica.drain())));

    let ids = 0;
    const newId = () => `${design}-${(ids += 1)}`;
    async function newRoom(settings = {}): Promise<string> {
      const { status, body } = await one.post('/rooms', { player: PLAYER, settings }, newId());
      assert.equal(status, 201, JSON.stringify(body));
      return body.room;
    }
    const add = (times: number) => ({ player: 'ada', command: { kind: 'add', times } });
    const counted = async (room: string) => (await two.get(`/rooms/${room}`)).body.state.value;

    test('a room is made once per key, and lists its members', async () => {
      const id = newId();
      const body = { player: PLAYER, settings: { step: 3 } };
      const made = await one.post('/rooms', body, id);
      assert.equal(made.status, 201);
      const { room, epoch } = made.body;
      assert.deepEqual(made.body, { room, epoch, seq: 2, duplicate: false });
      assert.equal(made.headers.get('location'), `/api/v1/rooms/${room}`);
      const again = await two.post('/rooms', body, id);
      assert.deepEqual([again.status, again.body], [201, { ...made.body, duplicate: true }]);
      const read = await two.get(`/rooms/${room}`);
      assert.equal(read.status, 200);
      const { now, ...rest } = read.body;
      assert.ok(Math.abs(now - Date.now()) < 60_000);
      assert.deepEqual(rest, {
        ...{ room, epoch, seq: 2, members: [PLAYER], open: true, over: false, public: true, deadline: null },
        state: { step: 3, value: 0, players: [PLAYER] },
      });
    });

    test('a command takes effect once per key, even if it is repeated on another replica', async () => {
      const room = await newRoom({ step: 2 });
      const id = newId();
      const first = await one.post(`/rooms/${room}/commands`, add(4), id);
      assert.deepEqual([first.status, first.body.seq, first.body.duplicate], [200, 3, false]);
      const repeats = await Promise.all([one, two, one].map((via) => via.post(`/rooms/${room}/commands`, add(4), id)));
      for (const { status, body } of repeats)
        assert.deepEqual([status, body], [200, { ...first.body, duplicate: true }]);
      assert.equal(await counted(room), 8);
    });

    test('simultaneous repeats take effect once', async () => {
      const room = await newRoom();
      const id = newId();
      const answers = await Promise.all(
        [one, two, one, two].map((via) => via.post(`/rooms/${room}/commands`, add(1), id)),
      );
      assert.deepEqual(new Set(answers.map(({ body }) => body.seq)), new Set([3]));
      assert.equal(answers.filter(({ body }) => !body.duplicate).length, 1);
      assert.equal(await counted(room), 1);
    });

    test('a key that was used for another command, player or settings is refused with 422', async () => {
      const id = newId();
      const made = await one.post('/rooms', { player: PLAYER }, id);
      for (const body of [{ player: PLAYER, settings: { step: 2 } }, { player: { id: 'bob', name: 'Bob' } }]) {
        const answer = await two.post('/rooms', body, id);
        assert.deepEqual([answer.status, answer.body.code], [422, 'id_reused']);
      }
      const place = `/rooms/${made.body.room}/commands`;
      const act = newId();
      assert.equal((await one.post(place, add(1), act)).status, 200);
      for (const body of [add(2), { player: 'ada', command: { kind: 'reset' } }, { ...add(1), player: 'bob' }]) {
        const answer = await two.post(place, body, act);
        assert.deepEqual([answer.status, answer.body.code], [422, 'id_reused']);
      }
    });

    test('the same key of another backend, and the same id of the player, name other requests', async () => {
      const room = await newRoom();
      const client = await TestClient.connect(replicas[0]!.url);
      assert.equal((await client.request({ type: 'join', game: room })).type, 'ack');
      const { player } = await client.next('welcome');
      const id = newId();
      const body = { ...add(1), player: player.id };
      const place = `/rooms/${room}/commands`;
      assert.equal((await one.post(place, body, id)).body.duplicate, false);
      assert.equal((await other.post(place, body, id)).body.duplicate, false);
      const own = await client.request({ type: 'add', id, game: room, times: 1 } as never);
      assert.equal(own.type, 'ack');
      assert.equal('duplicate' in own, false);
      assert.equal(await counted(room), 3);
      client.close();
    });

    test('a backend and the sockets of its player do not interfere with each other', async () => {
      const room = await newRoom();
      const client = await TestClient.connect(replicas[1]!.url);
      assert.equal((await client.request({ type: 'join', game: room })).type, 'ack');
      const { player } = await client.next('welcome');
      const act = () => client.request({ type: 'add', game: room, times: 1 } as never);
      assert.equal((await act()).type, 'ack');
      const backed = await one.post(`/rooms/${room}/commands`, { ...add(5), player: player.id }, newId());
      assert.equal(backed.status, 200);
      assert.equal((await act()).type, 'ack');
      await until(() => client.events(room).length === 3, 'the player receives all events');
      assert.equal(client.closeCode, undefined);
      assert.equal(await counted(room), 7);
      client.close();
    });

    test('only members act, and unknown commands are refused', async () => {
      const room = await newRoom();
      const place = `/rooms/${room}/commands`;
      for (const [body, status, code] of [
        [{ ...add(1), player: 'eve' }, 403, 'not_a_player'],
        [{ player: 'ada', command: { kind: 'fly' } }, 400, 'unknown_type'],
        [{ player: 'ada', command: { kind: 'add', times: 100 } }, 400, 'bad_message'],
        [{ player: 'ada', command: { times: 1 } }, 400, 'bad_message'],
        [{ player: 'ada' }, 400, 'bad_message'],
        [{ ...add(1), more: 1 }, 400, 'bad_message'],
        [{ ...add(1), player: 'a b' }, 400, 'bad_message'],
        ['{"player":', 400, 'bad_json'],
        ['', 400, 'bad_message'],
        ['{"__proto__":{"player":"ada"}}', 400, 'bad_json'],
        ['x'.repeat(9000), 413, 'too_large'],
      ] as const) {
        const answer = await two.post(place, body, newId());
        assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body).slice(0, 99));
        assert.equal(typeof answer.body.message, 'string');
      }
      const missing = await one.post('/rooms/ZZZZZZ/commands', add(1), newId());
      assert.deepEqual([missing.status, missing.body.code], [404, 'game_not_found']);
      for (const id of [undefined, 'a b', 'x'.repeat(65)]) {
        const answer = await one.post(place, add(1), id);
        assert.deepEqual([answer.status, answer.body.code], [400, 'bad_message']);
        assert.match(answer.body.message, /Idempotency-Key/);
      }
      const form = await one.call('POST', place, {
        body: 'a=1',
        id: newId(),
        headers: { 'content-type': 'text/plain' },
      });
      assert.deepEqual([form.status, form.body.code], [415, 'not_json']);
      assert.equal((await two.get(`/rooms/${room}`)).body.seq, 2);
    });

    test('the history is read page by page, from the position of the reader', async () => {
      const room = await newRoom();
      for (let index = 0; index < 4; index += 1) await one.post(`/rooms/${room}/commands`, add(1), newId());
      const first = await two.get(`/rooms/${room}/events?limit=4`);
      assert.equal(first.status, 200);
      const { epoch } = first.body;
      const sum = ({ body: { events, ...page } }: { body: any }) => ({
        ...page,
        events: events.map((e: any) => e.seq),
      });
      const common = { room, epoch, seq: 6, reset: false, trimmed: false };
      assert.deepEqual(sum(first), { ...common, after: 0, events: [1, 2, 3, 4], next: 4, more: true });
      assert.deepEqual(first.body.events[2].event, { kind: 'added', player: 'ada', amount: 1 });
      assert.ok(Math.abs(first.body.events[2].at - Date.now()) < 60_000);
      const rest = await one.get(`/rooms/${room}/events?epoch=${epoch}&after=4`);
      assert.deepEqual(sum(rest), { ...common, after: 4, events: [5, 6], next: 6, more: false });
      const end = await one.get(`/rooms/${room}/events?epoch=${epoch}&after=6`);
      assert.deepEqual(sum(end), { ...common, after: 6, events: [], next: 6, more: false });
      const reset = await one.get(`/rooms/${room}/events?epoch=another&after=5`);
      assert.deepEqual(sum(reset), {
        ...common,
        reset: true,
        after: 0,
        events: [1, 2, 3, 4, 5, 6],
        next: 6,
        more: false,
      });
      for (const query of ['after=-1', 'after=x', 'limit=0', 'limit=501', 'epoch=', 'more=1'])
        assert.equal((await one.get(`/rooms/${room}/events?${query}`)).body.code, 'bad_message', query);
      assert.equal((await one.get('/rooms/ZZZZZZ/events')).status, 404);
      assert.equal((await one.get('/rooms/nonsense')).status, 400);
    });

    test('every room is listed, page by page', async () => {
      const made = new Set<string>();
      for (let index = 0; index < 12; index += 1) made.add(await newRoom());
      const listed = new Map<string, any>();
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? '' : `&cursor=${cursor}`;
        const { status, body } = await two.get(`/rooms?limit=5${query}`);
        assert.equal(status, 200, JSON.stringify(body));
        for (const entry of body.rooms) listed.set(entry.room, entry);
        cursor = body.cursor;
      } while (cursor !== null);
      for (const room of made) {
        const { epoch } = listed.get(room);
        assert.deepEqual(listed.get(room), { room, epoch, seq: 2, members: ['ada'], public: true, deadline: null });
      }
    });

    test('a player is disconnected from any replica, with a separate close code, and may come back', async () => {
      for (const via of [one, two]) {
        const client = await TestClient.connect(replicas[1]!.url);
        const { player } = await client.next('welcome');
        const answer = await via.call('DELETE', `/players/${player.id}/connections`);
        assert.deepEqual([answer.status, answer.body], [204, undefined]);
        assert.equal(await client.closed(), 4410);
        const again = await TestClient.connect(replicas[0]!.url, client.token);
        await again.next('welcome');
        assert.equal(again.closeCode, undefined);
        again.close();
      }
      const nobody = '/players/nobody/connections';
      assert.equal((await one.call('DELETE', nobody)).status, 204);
      const headers = { 'content-type': 'application/json' };
      assert.equal(
        (await one.call('DELETE', nobody, { headers })).status,
        204,
        'a content type without a body is accepted',
      );
      assert.equal((await one.call('DELETE', '/players/a%20b/connections')).status, 400);
    });

    test('with revoke the tokens of the player are no longer valid', async () => {
      const client = await TestClient.connect(replicas[1]!.url);
      const { player } = await client.next('welcome');
      assert.equal((await one.call('DELETE', `/players/${player.id}/connections?revoke=true`)).status, 204);
      assert.equal(await client.closed(), 4401);
      const late = new TestClient(replicas[0]!.url, client.token);
      const status = await new Promise((resolve) => {
        late.socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
        late.socket.once('open', () => resolve(101));
      });
      late.close();
      assert.equal(status, 401);
      assert.equal((await one.call('DELETE', `/players/${player.id}/connections?revoke=maybe`)).status, 400);
    });
  });
}

describe('access', () => {
  let replica: Replica;
  before(async () => {
    const perAddress = { ...DEFAULT_LIMITS.perAddress, refusalsPerMinute: 5 };
    const given = { apiKeysFile: keysFile.path, limits: { ...DEFAULT_LIMITS, perAddress } };
    replica = await startTestReplica(redis.url, 'auth', given, counter);
  });
  after(() => replica?.drain());

  test('without a key, or with a wrong one, every answer is 401, and a client that keeps trying is blocked', async () => {
    const key = new Backend(replica.url, KEY);
    for (const [wrong, sentence] of [
      [new Backend(replica.url), /Send the key/],
      [new Backend(replica.url, newKey()), /This cluster does not know the key/],
      [new Backend(replica.url, (await guest(replica.url)).token), /This cluster does not know the key/],
    ] as const) {
      const answer = await wrong.get('/rooms');
      assert.deepEqual([answer.status, answer.body.code], [401, 'unauthorized']);
      assert.match(answer.body.message, sentence);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    }
    const guesses = await Promise.all(
      Array.from({ length: 6 }, () => new Backend(replica.url, newKey()).get('/rooms')),
    );
    const last = guesses.find(({ status }) => status === 429)!;
    assert.equal(last.body.code, 'rate_limited');
    assert.ok(last.body.retryAfterMs > 0 && Number(last.headers.get('retry-after')) > 0);
    assert.equal(
      (await key.get('/rooms')).status,
      200,
      'a request with a key is not blocked by others from its address',
    );
  });

  test('metrics name the backend and the route, and never a key', async () => {
    await new Backend(replica.url, OTHER_KEY).get('/rooms/ZZZZZZ');
    const metrics = await (await fetch(`${replica.internalUrl}/metrics`)).text();
    assert.match(
      metrics,
      /gridlock_api_requests_total\{backend="game",route="GET \/rooms\/:room",status="404",replica="auth"\} 1/,
    );
    assert.ok(![KEY, OTHER_KEY].some((key) => metrics.includes(key)));
  });

  test('without keys there is no API', async (context) => {
    const plain = await startTestReplica(redis.url, 'plain');
    context.after(() => plain.drain());
    for (const place of ['/rooms', '/openapi.json', '/rooms/ABCDEF'])
      assert.equal((await new Backend(plain.url, KEY).get(place)).status, 404);
  });
});
