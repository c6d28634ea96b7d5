import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { counter } from '../services/apps/counter/counter.ts';
import { grid } from '../services/apps/grid/grid.ts';
import { createClient, type GridlockClient } from '../services/client/node.ts';
import type { AnyRoomType } from '../services/protocol/index.ts';
import { type ApiAnswer, Backend, KeysFile, newKey } from '../services/server/testing/backend.ts';
import { trustingFetch } from './kit/trusting-fetch.ts';
import { until } from './kit/wait.ts';

interface Played {
  readonly design: 'stateless' | 'stateful';
  readonly type: AnyRoomType;
  readonly settings: object;
  /** A member's command. A second one is refused, or visible in the state. */
  readonly command: { readonly kind: string };
  readonly other: { readonly kind: string };
}

const fetchOf = (cluster: Cluster) => trustingFetch(cluster.rootPem);

/** Repeats as a backend does: with the same key, until an answer settles the request. */
async function settled(ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  let answer: ApiAnswer | undefined;
  await until(
    async () => {
      answer = await ask().catch(() => undefined);
      return answer !== undefined && answer.status < 500;
    },
    'the request is answered',
    30_000,
  );
  return answer!;
}

const PLAYED: readonly Played[] = [
  {
    design: 'stateless',
    type: counter,
    settings: { step: 2 },
    command: { kind: 'add', times: 3 } as { kind: string },
    other: { kind: 'reset' },
  },
  {
    design: 'stateful',
    type: grid,
    settings: { players: 2, size: 5, seconds: 300 },
    command: { kind: 'capture', cell: 7 } as { kind: string },
    other: { kind: 'capture', cell: 8 } as { kind: string },
  },
];

for (const { design, type, settings, command, other } of PLAYED) {
  describe(`${type.name}, ${design}`, () => {
    const key = newKey();
    let keysFile: KeysFile;
    let cluster: Cluster;
    let backend: Backend;
    const clients: GridlockClient[] = [];
    before(async () => {
      keysFile = new KeysFile(`shop:${key}`);
      cluster = await startCluster({ replicas: 2, design, app: type.name, apiKeysFile: keysFile.path });
      backend = new Backend(cluster.url, key, fetchOf(cluster));
    });
    after(async () => {
      for (const client of clients) client.close();
      await cluster?.stop();
      keysFile?.remove();
    });

    async function connected(name: string): Promise<GridlockClient> {
      const client = createClient({ room: type, url: cluster.url, ca: cluster.rootPem, name });
      clients.push(client);
      await client.connect();
      return client;
    }

    test('a request that is repeated while replicas are killed takes effect once', async () => {
      const ben = await connected('Ben');
      const made = await backend.post('/rooms', { player: { id: 'ada', name: 'Ada' }, settings }, 'make');
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { room } = made.body;
      await ben.join(room);
      const place = `/rooms/${room}/commands`;
      const body = { player: 'ada', command };
      const first = await settled(() => backend.post(place, body, 'act'));
      assert.deepEqual([first.status, first.body.duplicate], [200, false], JSON.stringify(first.body));
      for (const number of [1, 2]) {
        await cluster.killReplica(number);
        const again = await settled(() => backend.post(place, body, 'act'));
        assert.deepEqual([again.status, again.body], [200, { ...first.body, duplicate: true }]);
        const room2 = await settled(() =>
          backend.post('/rooms', { player: { id: 'ada', name: 'Ada' }, settings }, 'make'),
        );
        assert.deepEqual(room2.body, { ...made.body, duplicate: true });
        await cluster.settled();
      }
      const reused = await backend.post(place, { player: 'ada', command: other }, 'act');
      assert.deepEqual([reused.status, reused.body.code], [422, 'id_reused']);
      const { seq, epoch } = (await backend.get(`/rooms/${room}`)).body;
      const history = (await backend.get(`/rooms/${room}/events?epoch=${epoch}`)).body;
      assert.deepEqual([seq, history.events.length, history.trimmed], [first.body.seq, first.body.seq, false]);
      await until(() => ben.room(room)?.seq === seq, 'the player has seen all of it', 30_000);
      const listed = (await backend.get('/rooms')).body.rooms.map((entry: { room: string }) => entry.room);
      assert.ok(listed.includes(room));
    });

    test('players are disconnected from whichever replica they are on, and do not come back by themselves', async () => {
      const players = [await connected('Cleo')];
      // The edge distributes them.
      while (new Set(players.map(({ health }) => health.replica)).size < 2) players.push(await connected('Dan'));
      for (const client of players) {
        const { status } = await backend.call('DELETE', `/players/${client.player!.id}/connections`);
        assert.equal(status, 204);
        await until(() => client.state === 'closed', 'the client is closed');
      }
      await players[0]!.connect();
      assert.equal(players[0]!.state, 'open');
    });

    test('a wrong key opens nothing, and a key is replaced without a restart', async () => {
      const next = newKey();
      const [rotated, stranger] = [next, newKey()].map((one) => new Backend(cluster.url, one, fetchOf(cluster))) as [
        Backend,
        Backend,
      ];
      for (const wrong of [rotated, stranger, new Backend(cluster.url, undefined, fetchOf(cluster))]) {
        const { status, body } = await wrong.get('/rooms');
        assert.deepEqual([status, body.code], [401, 'unauthorized']);
      }
      const pids = async () => (await cluster.status()).replicas.map(({ pid }) => pid);
      const before = await pids();
      keysFile.write(`shop:${key}`, `shop:${next}`);
      await until(async () => (await rotated.get('/rooms')).status === 200, 'the new key is known', 20_000);
      assert.equal((await backend.get('/rooms')).status, 200);
      keysFile.write(`shop:${next}`);
      await until(async () => (await backend.get('/rooms')).status === 401, 'the old key is forgotten', 20_000);
      // The edge may ask either replica, so both must refuse.
      await until(
        async () => {
          const answers = await Promise.all(Array.from({ length: 6 }, () => backend.get('/rooms')));
          return answers.every(({ status }) => status === 401);
        },
        'no replica knows the old key',
        20_000,
      );
      assert.deepEqual(await pids(), before);
    });

    test('the description is served through the edge', async () => {
      const { status, body } = await new Backend(cluster.url, undefined, fetchOf(cluster)).get('/openapi.json');
      assert.deepEqual([status, body.openapi], [200, '3.1.0']);
    });
  });
}
