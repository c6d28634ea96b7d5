import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureCertificates } from '../../infra/local/certificates.ts';
import { findBinary } from '../../infra/setup/binaries.mjs';
import { Generator } from '../bench/generator/generator.ts';
import { describeRun } from '../bench/result.ts';
import { SIZES } from '../bench/sizes.ts';
import { SystemUnderTest } from '../bench/system-under-test.ts';
import { GRIDLOCK } from '../bench/systems/gridlock.ts';
import type { System } from '../bench/systems/system.ts';
import { cpuBetween, residentBetween, type TierUsage, tierUsage } from '../kit/process-usage.ts';
import { lineThrough } from '../kit/statistics.ts';
import { type Measured, TIERS, type Tier } from './model.ts';

/** Whose figures are taken: the default design, with every write on disk before it counts. */
const SYSTEM = GRIDLOCK.find(({ name }) => name === 'gridlock-stateless-always')!;
/** Where the ticks of a replica are as long as they get: below, an event costs less the more there are. */
const FITTED_AT = [960, 1280, 1600];
export const CHECKED_AT = 1440;
const { groupSize, replicas, rate } = SIZES.full;
const SECONDS = { warmSeconds: 3, seconds: 8 };
const IDLE_SOCKETS = 2400;
const REST_MS = 2000;

type PerTier = Record<Tier, number>;
export interface Sample {
  readonly players: number;
  readonly eventsPerSecond: number;
  /** CPU microseconds a second. */
  readonly cpu: PerTier;
  readonly p99: number;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const perTier = (value: (tier: Tier) => number): PerTier => ({
  replicas: value('replicas'),
  redis: value('redis'),
  edge: value('edge'),
});

/** A system that is up with nobody on it, and a generator; both are gone after the task. */
async function onStage<T>(
  task: (stage: SystemUnderTest, generator: Generator, system: System, ca: string) => Promise<T>,
): Promise<T> {
  const [haproxy, redis] = [findBinary('haproxy'), findBinary('redis-server')];
  if (!haproxy || !redis) throw new Error('HAProxy and Redis are needed; npm start says how to get them.');
  const pki = mkdtempSync(path.join(os.tmpdir(), 'gridlock-capacity-'));
  const generator = new Generator();
  let stage: SystemUnderTest | undefined;
  try {
    await ensureCertificates(pki, 'localhost');
    stage = await SystemUnderTest.start(SYSTEM, { replicas, haproxy, redis, pki });
    return await task(stage, generator, SYSTEM, readFileSync(path.join(pki, 'root.pem'), 'utf8'));
  } finally {
    await generator.stop();
    await stage?.stop();
    rmSync(pki, { recursive: true, force: true });
  }
}

/** Plays with so many players. */
export function sampleAt(players: number): Promise<Sample> {
  return onStage(async (stage, generator, { dialect, params = {} }, ca) => {
    await generator.call('gather', [{ port: stage.port, ca, dialect, params, players, groupSize }]);
    await generator.call('connect', [0, players]);
    await generator.call('seat', ['apart']);
    let [before, after]: [TierUsage, TierUsage] = [{}, {}];
    const { deliveredInTime, seconds, p99 } = await generator.call(
      'play',
      [{ rate: rate * players, ...SECONDS }],
      (edge) => {
        if (edge === 'begin') before = tierUsage(stage.tiers);
        else after = tierUsage(stage.tiers);
      },
    );
    const cpu = cpuBetween(before, after);
    return {
      players,
      p99,
      eventsPerSecond: deliveredInTime / seconds,
      cpu: perTier((tier) => (cpu[tier]! * 1000) / seconds),
    };
  });
}

/** What sockets cost that only are there, and what it costs to open them. */
function idleCosts(): Promise<{ perHandshake: PerTier; perProcess: PerTier; perSocket: PerTier }> {
  return onStage(async (stage, generator, { dialect, params = {} }, ca) => {
    const resting = async () => {
      for (const pid of stage.tiers['replicas']!) process.kill(pid, 'SIGWINCH');
      await pause(REST_MS);
      return tierUsage(stage.tiers);
    };
    await generator.call('gather', [{ port: stage.port, ca, dialect, params, players: IDLE_SOCKETS, groupSize }]);
    const empty = await resting();
    const first = IDLE_SOCKETS / 4;
    await generator.call('connect', [0, first]);
    const few = await resting();
    await generator.call('connect', [first, IDLE_SOCKETS]);
    const opened = tierUsage(stage.tiers);
    const [cpu, resident] = [cpuBetween(few, opened), residentBetween(few, await resting())];
    const sockets = IDLE_SOCKETS - first;
    return {
      perHandshake: perTier((tier) => (cpu[tier]! * 1000) / sockets),
      perProcess: perTier((tier) => empty[tier]!.residentBytes / (tier === 'replicas' ? replicas : 1)),
      perSocket: perTier((tier) => Math.max(0, resident[tier]! / sockets)),
    };
  });
}

/** Measures on this machine what the model needs. */
export async function measure(report: (text: string) => void): Promise<Measured> {
  const samples: Sample[] = [];
  for (const players of FITTED_AT) {
    report(`playing with ${players} players`);
    samples.push(await sampleAt(players));
  }
  report(`holding ${IDLE_SOCKETS} idle sockets`);
  const { perHandshake, perProcess, perSocket } = await idleCosts();
  const { commit, machine, versions } = describeRun({ systems: [SYSTEM], size: SIZES.full, workloads: [] });
  const fit = (tier: Tier) => lineThrough(samples.map(({ eventsPerSecond, cpu }) => [eventsPerSecond, cpu[tier]]));
  const costs = Object.fromEntries(
    TIERS.map((tier) => {
      const { start, slope } = fit(tier);
      return [tier, { idlePerSecond: start, perEvent: slope }];
    }),
  ) as unknown as Measured['cpu'];
  return {
    at: new Date().toISOString(),
    commit,
    machine: `${machine.cores} cores (${machine.model}), ${machine.memoryGb} GB, Linux ${machine.kernel}`,
    versions: `node ${versions['node']}, haproxy ${versions['haproxy']}, redis ${versions['redis']}, appendfsync always`,
    cpu: costs,
    perHandshake,
    memory: Object.fromEntries(
      TIERS.map((tier) => [tier, { perProcess: perProcess[tier], perSocket: perSocket[tier] }]),
    ) as unknown as Measured['memory'],
    fittedAt: FITTED_AT,
    replicas,
    groupSize,
    movesPerSecond: rate,
  };
}
