import { highest } from '../bench/episode.ts';
import type { LoadedSystem } from '../bench/loaded-system.ts';
import { describeRun } from '../bench/result.ts';
import { SIZES } from '../bench/sizes.ts';
import { Stages } from '../bench/stages.ts';
import { GRIDLOCK } from '../bench/systems/gridlock.ts';
import { cpuBetween, residentBetween, tierUsage } from '../kit/process-usage.ts';
import { lineThrough } from '../kit/statistics.ts';
import { type Measured, type Reached, TIERS, type Tier } from './model.ts';

/** The measured system: the default design, with every write on disk before its reply. */
const SYSTEM = GRIDLOCK.find(({ name }) => name === 'gridlock-stateless-always')!;
/** Far enough apart to distinguish the cost of an event from the base load. */
const FITTED_AT = [480, 960, 1440];
export const CHECKED_AT = 1200;
const { groupSize, replicas, rate, max } = SIZES.full;
const SECONDS = { warmSeconds: 3, seconds: 8 };
const HEAT_SECONDS = 3;
const IDLE_SOCKETS = 2400;
const REST_MS = 2000;
/** At one replica; an edge that may open 20,000 files holds 9,900 sockets at most. */
const ALONE = { players: 1600, groupSize, idle: 8000 };
/** Longer than any part of it takes. */
const MOST_MS = 300_000;

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

/** The system, started from scratch with this many replicas. */
async function onStage<T>(count: number, task: (loaded: LoadedSystem) => Promise<T>): Promise<T> {
  const stages = await Stages.prepare(count);
  try {
    return await stages.use(SYSTEM, MOST_MS, task);
  } finally {
    stages.remove();
  }
}

/** Plays with this many players. */
export function sampleAt(players: number): Promise<Sample> {
  return onStage(replicas, async (loaded) => {
    await loaded.heat({ players, groupSize }, rate * players, HEAT_SECONDS);
    const { deliveriesPerSecond, cpu, p99 } = await loaded.flow('play', { rate: rate * players, ...SECONDS });
    return {
      players,
      p99,
      eventsPerSecond: deliveriesPerSecond,
      cpu: perTier((tier) => cpu[tier]! * deliveriesPerSecond),
    };
  });
}

/** The most work that one process of each tier does in time, with as many sockets as one edge can hold. */
function reachedAlone(): Promise<Reached> {
  return onStage(1, async (loaded) => {
    const { players, idle } = ALONE;
    const first = rate * players * groupSize;
    await loaded.heat(ALONE, rate * players, HEAT_SECONDS);
    let eventsPerSecond = 0;
    await highest(first / 2, max.most, async (deliveries) => {
      const flow = await loaded.flow('play', { ...max, rate: deliveries / groupSize });
      const passes = flow.p99 <= max.limitMs && flow.lost === 0 && flow.deliveriesPerSecond >= max.enough * deliveries;
      if (passes) eventsPerSecond = Math.max(eventsPerSecond, flow.deliveriesPerSecond);
      return passes;
    });
    const one = { sockets: players + idle, eventsPerSecond };
    return {
      replica: one,
      edge: one,
      redis: { games: players / groupSize, movesPerSecond: eventsPerSecond / groupSize },
    };
  });
}

/** The cost of idle sockets, and of opening them. */
function idleCosts(): Promise<{ perHandshake: PerTier; perProcess: PerTier; perSocket: PerTier }> {
  return onStage(replicas, async (loaded) => {
    const { stage, generator } = loaded;
    const resting = async () => {
      await stage.collectGarbage();
      await pause(REST_MS);
      return tierUsage(stage.tiers);
    };
    await loaded.gather({ players: IDLE_SOCKETS, groupSize });
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

/** Measures the figures of the model on this machine. */
export async function measure(report: (text: string) => void): Promise<Measured> {
  const samples: Sample[] = [];
  for (const players of FITTED_AT) {
    report(`playing with ${players} players`);
    samples.push(await sampleAt(players));
  }
  report(`holding ${IDLE_SOCKETS} idle sockets`);
  const { perHandshake, perProcess, perSocket } = await idleCosts();
  report(`loading one replica with ${ALONE.players + ALONE.idle} sockets`);
  const reached = reachedBy(samples, await reachedAlone());
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
    reached,
    fittedAt: FITTED_AT,
    replicas,
    groupSize,
    movesPerSecond: rate,
  };
}

/** With several replicas, the edge and Redis may have done more work than with one. */
function reachedBy(samples: readonly Sample[], alone: Reached): Reached {
  const most = Math.max(
    ...samples.filter(({ p99 }) => p99 <= max.limitMs).map(({ eventsPerSecond }) => eventsPerSecond),
  );
  return {
    replica: alone.replica,
    edge: { ...alone.edge, eventsPerSecond: Math.max(alone.edge.eventsPerSecond, most) },
    redis: { ...alone.redis, movesPerSecond: Math.max(alone.redis.movesPerSecond, most / groupSize) },
  };
}
