import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { counter } from '../../apps/counter/counter.ts';
import { TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';
import { headKey } from './room-log.ts';

const RETENTION = { idle: 1200, empty: 60 };

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis?.stop());

for (const design of DESIGNS) {
  test(`${design}: a room that is no longer empty is kept like a running room, on any replica`, async (t) => {
    const app = { ...counter, retention: RETENTION };
    const appIds = design === 'stateless' ? ['1111', '2222'] : ['3333', '4444'];
    const replicas = await Promise.all(appIds.map((appId) => startTestReplica(redis.url, appId, { design }, app)));
    t.after(() => Promise.all(replicas.map((replica) => replica.drain())));
    const admin = adminOf(redis);
    t.after(() => admin.disconnect());
    const [ada, bob] = await Promise.all(replicas.map(({ url }) => TestClient.connect(url)));
    t.after(() => [ada, bob].forEach((client) => client!.close()));
    const game = ok(await ada!.request({ type: 'create' })).game!;
    const left = async () => (await admin.pttl(headKey(game))) / 1000;
    ok(await bob!.request({ type: 'join', game }));
    ok(await ada!.request({ type: 'leave', game }));
    ok(await bob!.request({ type: 'leave', game }));
    assert.ok((await left()) <= RETENTION.empty, `an empty room is kept for ${await left()} s`);
    ok(await ada!.request({ type: 'join', game }));
    assert.ok((await left()) > RETENTION.empty, `a room with a member is kept for ${await left()} s`);
  });
}
