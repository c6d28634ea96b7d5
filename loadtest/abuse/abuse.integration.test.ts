// The short form of `npm run load -- abuse`: each attack for a few seconds, under play.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, startCluster } from '../kit/cluster.ts';
import { Crowd, steadily } from '../kit/crowd.ts';
import { latencyOf } from '../kit/statistics.ts';
import { AttackRun, type Moment } from './attack-run.ts';
import { ATTACK_NAMES, ATTACKS, type AttackName } from './attacks.ts';
import { judgeStep } from './judge.ts';

const WINDOW_MS = 1200;
const WINDOWS = 2;
/**
 * The largest ratio of the p99 under attack to that of the quiet windows. Windows this short have a few dozen moves
 * each and share the machine with other tests, so the 1.2 of the full run would fail by chance.
 */
const MOST = 3;
const SPARE_MS = 50;
/** A window with fewer moves says nothing in favour of its attack. */
const FEWEST_MOVES = 10;
/**
 * The effect of an attack shows in each window, that of other tests on the machine only in some, so the test tries
 * several windows.
 */
const MOST_WINDOWS = 10;
/** Among other tests, an attacker at the lowest priority would achieve nothing. */
const NORMAL = 0;

let cluster: Cluster;
let crowd: Crowd;
let attacks: AttackRun;
const windows: { name: AttackName; kind: 'quiet' | 'attacked'; from: number; to: number }[] = [];

before(async () => {
  // No player is moved to another replica because attackers left theirs.
  cluster = await startCluster({ replicas: 2, rebalancePercent: 0 });
  attacks = new AttackRun(() => cluster.status(), path.join(cluster.stateDir, 'pki/root.pem'), NORMAL);
  crowd = await Crowd.connect(cluster, 16);
  await crowd.seat(4);
  crowd.play(steadily(250));
});
after(async () => {
  crowd?.close();
  await attacks?.stop();
  await cluster?.stop();
});

async function window(name: AttackName): Promise<void> {
  const at: Partial<Record<Moment, number>> = {};
  await attacks.window(name, WINDOW_MS, (moment) => {
    at[moment] = performance.now();
  });
  windows.push(
    { name, kind: 'quiet', from: at.quiet!, to: at.prepared! },
    { name, kind: 'attacked', from: at.attacked!, to: at.over! },
  );
}

function latencyIn(chosen: typeof windows) {
  const moves = chosen.flatMap(({ from, to }) => crowd.moves.filter(({ sentAt }) => sentAt >= from && sentAt < to));
  return latencyOf(moves.map(({ sentAt, at }) => at - sentAt));
}

const mostP99 = () => latencyIn(windows.filter(({ kind }) => kind === 'quiet')).p99 * MOST + SPARE_MS;

function bestP99(name: AttackName): number {
  const attacked = windows.filter((one) => one.name === name && one.kind === 'attacked');
  const latencies = attacked.map((one) => latencyIn([one])).filter(({ moves }) => moves > FEWEST_MOVES);
  return Math.min(...latencies.map(({ p99 }) => p99));
}

describe('an attack', () => {
  for (const name of ATTACK_NAMES) {
    const { about } = ATTACKS[name];
    test(`in which ${about} costs no other player a move or a socket`, async () => {
      const failed = crowd.report().failed.length;
      for (let time = 0; time < WINDOWS; time += 1) await window(name);
      assert.deepEqual(crowd.report().failed.slice(failed), []);
      assert.deepEqual(crowd.report().dropped, []);
      assert.equal(crowd.open, crowd.players.length);
    });

    test(`in which ${about} stays within its bounds`, async (t) => {
      if (name === 'deafPeers') await attacks.aftermath(name);
      const findings = judgeStep(attacks.steps.find((one) => one.name === name)!);
      for (const { name: what, value } of findings) t.diagnostic(`${what}: ${value}`);
      const broken = findings.filter(({ passed }) => !passed);
      assert.deepEqual(broken, []);
    });
  }

  for (const name of ATTACK_NAMES) {
    test(`in which ${ATTACKS[name].about} leaves the p99 of the others about where it was`, async (t) => {
      for (let extra = WINDOWS; bestP99(name) > mostP99() && extra < MOST_WINDOWS; extra += 1) await window(name);
      t.diagnostic(`p99 ${bestP99(name).toFixed(1)} ms, at most ${mostP99().toFixed(1)} ms`);
      assert.ok(bestP99(name) <= mostP99(), `${bestP99(name)} ms in the best window of ${MOST_WINDOWS}`);
    });
  }

  test('leaves every history as it was', async () => {
    await crowd.stop();
    assert.deepEqual(crowd.report().violations, []);
  });
});
