import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { repetitions } from '../../tests/kit/repetitions.ts';
import { APPS_UNDER_TEST, type AppName } from '../kit/apps/index.ts';
import { DESIGNS } from '../kit/options.ts';
import { FAULTS, type Fault } from './faults.ts';
import { FaultyCluster } from './faulty-cluster.ts';
import { measureRecovery } from './recovery.ts';
import { playRound } from './round.ts';
import { faultsOf } from './run.ts';
import { tally } from './tally.ts';

/** The game meets every fault. The counter meets three: a killed replica, delayed data and lost data. */
const FAULTS_OF: Record<AppName, readonly Fault[]> = {
  grid: FAULTS,
  counter: faultsOf(['replica-kill', 'redis-silent', 'redis-lost-tail']),
};

// Both designs run at the same time: a round is mostly waiting.
describe('under every fault', { concurrency: true }, () => {
  for (const design of DESIGNS) {
    test(`${design}: a round with it costs no acknowledged move, no duplicate and no gap`, async (t) => {
      for (const app of APPS_UNDER_TEST) {
        const stage = await FaultyCluster.start(design, app);
        try {
          for (const fault of FAULTS_OF[app]) {
            await t.test(`${app}: ${fault.about}`, async () => {
              await stage.persist(fault.persistence);
              const rounds = [];
              for (let number = 1; number <= repetitions(1, 5); number += 1) {
                rounds.push(await playRound(stage, fault, { app, seed: 1, number, players: 3 }));
              }
              assert.deepEqual(tally(app, design, fault, rounds).faults, []);
            });
          }
          await t.test(`${app}: and a Redis that loses data it acknowledged is detected`, async () => {
            const broken = { ...FAULTS.find(({ name }) => name === 'redis-lost-tail')!, mayLose: false };
            await stage.persist(broken.persistence);
            const round = await playRound(stage, broken, { app, seed: 1, number: 1, players: 3 });
            assert.notDeepEqual(tally(app, design, broken, [round]).faults, []);
          });
        } finally {
          await stage.stop();
        }
      }
    });
  }
});

test('the clients of a replica that was killed are resumed exactly, and the measurement sees each of them', async () => {
  const kills = repetitions(1, 3);
  const options = { design: 'stateless', clients: 16, kills, seed: 1, report: () => undefined } as const;
  const results = await measureRecovery(options);
  assert.equal(results.length, kills);
  for (const { faults, cut, exactly, bySnapshot } of results) {
    assert.deepEqual(faults, []);
    assert.ok(cut > 0);
    assert.equal(exactly + bySnapshot, cut);
  }
});
