import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { StoreClock } from '../cluster/clock.ts';
import { createLogger } from '../ops/log.ts';
import { type Replica, startReplica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { ok, PLAYABLE, type Playable, requestOf } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, type Design, settingsOf, testConfig } from '../testing/replica.ts';

/** A clock that runs like that of Redis, this many milliseconds ahead. */
class ClockAhead extends StoreClock {
  ahead = 0;

  override now(): number {
    return super.now() + this.ahead;
  }
}

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis?.stop());

async function replicaAt(appId: string, { type }: Playable, design: Design, clock: ClockAhead): Promise<Replica> {
  const config = testConfig(settingsOf(redis.url), appId, { design });
  const replica = await startReplica(config, type, createLogger('silent', appId), undefined, clock);
  await until(() => replica.readiness.reason === undefined, 'the replica is ready');
  return replica;
}

for (const [playable, design] of PLAYABLE.flatMap((one) => DESIGNS.map((design) => [one, design] as const))) {
  test(`${playable.type.name}, ${design}: a client away for 110 s resumes exactly on another replica, and one away for 130 s gets a snapshot that says so`, async () => {
    const clock = new ClockAhead();
    const [one, two] = await Promise.all([
      replicaAt('1111', playable, design, clock),
      replicaAt('2222', playable, design, clock),
    ]);
    try {
      const { token } = await guest(two.url);
      const ada = await TestClient.connect(one.url);
      const away = await TestClient.connect(two.url, token);
      const game = ok(await ada.request({ ...playable.settings, type: 'create' } as never)).game!;
      const { epoch } = ok(await away.request({ type: 'join', game }));
      const known = (await away.next('snapshot')).seq;
      away.close();
      for (const number of [0, 1, 2]) ok(await ada.request(requestOf(playable, game, number)));
      const resume = async (ahead: number) => {
        clock.ahead = ahead;
        const back = await TestClient.connect(one.url, token);
        const { recovered } = ok(await back.request({ type: 'resume', game, epoch: epoch!, seq: known }));
        return { back, recovered };
      };

      const soon = await resume(110_000);
      assert.equal(soon.recovered, true);
      await soon.back.next('event', ({ seq }) => seq === known + 3);
      assert.deepEqual(
        soon.back.events(game).map(({ seq }) => seq),
        [known + 1, known + 2, known + 3],
      );
      assert.ok(!soon.back.received.some(({ type }) => type === 'snapshot'));
      soon.back.close();

      const late = await resume(130_000);
      assert.equal(late.recovered, false);
      const snapshot = await late.back.next('snapshot');
      assert.deepEqual([snapshot.recovered, snapshot.seq, snapshot.epoch], [false, known + 3, epoch]);
      assert.equal(late.back.events(game).length, 0);

      // A client that missed nothing lost nothing, however long the time.
      const { recovered } = ok(await ada.request({ type: 'resume', game, epoch: epoch!, seq: known + 3 }));
      assert.equal(recovered, true);
      for (const client of [ada, late.back]) client.close();
    } finally {
      await Promise.all([one.drain(), two.drain()]);
    }
  });
}
