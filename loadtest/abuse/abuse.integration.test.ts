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
 * Of the p99 under attack to that of the quiet windows between. Windows so short have a few dozen moves each, and share
 * the machine with other tests: 1.2, the bound of the full run, would fail by chance.
 */
const MOST = 3;
const SPARE_MS = 50;
/** Among other tests, an attacker that yields to everybody would mount nothing. */
const NORMAL = 0;

let cluster: Cluster;
let crowd: Crowd;
let attacks: AttackRun;
const windows: { name: AttackName; kind: 'quiet' | 'attacked'; from: number; to: number }[] = [];

before(async () => {
  // Nobody is moved to another replica because attackers left theirs.
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

describe('an attack', () => {
  for (const name of ATTACK_NAMES) {
    const { about } = ATTACKS[name];
    test(`in which ${about} costs nobody else a move or a socket`, async () => {
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

  test('leaves the p99 of the others about where it was, and no history wrong', async (t) => {
    await crowd.stop();
    const latencyIn = (chosen: typeof windows) =>
      latencyOf(
        chosen
          .flatMap(({ from, to }) => crowd.moves.filter(({ sentAt }) => sentAt >= from && sentAt < to))
          .map(({ sentAt, at }) => at - sentAt),
      );
    const quiet = latencyIn(windows.filter(({ kind }) => kind === 'quiet'));
    for (const name of ATTACK_NAMES) {
      const attacked = windows
        .filter((one) => one.name === name && one.kind === 'attacked')
        .map((one) => latencyIn([one]));
      assert.ok(attacked.every(({ moves }) => moves > 10));
      // What an attack does shows in each of its windows; a stall of the machine shows in one.
      const p99 = Math.min(...attacked.map((one) => one.p99));
      t.diagnostic(`${name}: p99 ${p99.toFixed(1)} ms against ${quiet.p99.toFixed(1)} ms`);
      assert.ok(p99 <= quiet.p99 * MOST + SPARE_MS, `${name}: ${p99} ms against ${quiet.p99} ms`);
    }
    assert.deepEqual(crowd.report().violations, []);
  });
});
