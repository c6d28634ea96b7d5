import { cpuBetween, residentBetween, type Tiers, type TierUsage, tierUsage } from '../kit/process-usage.ts';
import { percentile } from '../kit/statistics.ts';
import { type CurveStep, measureCurve } from './curve/measure.ts';
import { type CpuPerEvent, type Flow, tallyOf } from './flow.ts';
import type { Tally } from './generator/deliveries.ts';
import { type Absence, now, STEPS, type Step } from './generator/thin-crowd.ts';
import type { Load } from './generator/workload.ts';
import type { GrowthPoint } from './growth/measure.ts';
import type { LoadedSystem } from './loaded-system.ts';
import type { Size } from './sizes.ts';
import type { Soak } from './soak/measure.ts';
import type { Workload } from './systems/system.ts';

/** The results of one repetition of one system; undefined for values that were not measured. */
export interface Episode {
  readonly system: string;
  readonly repetition: number;
  moves?: Flow;
  chat?: Flow;
  /** Resident bytes of one idle socket, by tier. */
  idle?: Readonly<Record<string, number>>;
  kill?: Tally & {
    readonly affected: number;
    readonly back: number;
    readonly allBackMs: number;
    /** Milliseconds since the kill when half of the affected, and when all, had passed each step. */
    readonly steps: Readonly<Record<Step, { readonly half: number; readonly all: number }>>;
    /** CPU milliseconds from the kill until all were back, by tier. This includes the play of the others. */
    readonly cpuMs: Readonly<Record<string, number>>;
  };
  max?: {
    readonly deliveriesPerSecond: number;
    readonly p99: number;
    readonly cpu: CpuPerEvent;
    readonly generatorCpu: number;
  };
  curve?: readonly CurveStep[];
  growth?: GrowthPoint[];
  soak?: Soak;
  /** The errors, and how often each occurred. */
  problems: Record<string, number>;
}

/** The beginning of a problem that left something unmeasured. The workload or `all` follows, and the reason. */
export const NOT_MEASURED = 'not measured: ';
/** Play before a replica is killed. */
const QUIET_MS = 1000;
const SETTLE_MS = 1000;
/** The workloads of players in games. */
const PLAYED: readonly Workload[] = ['curve', 'max', 'moves', 'chat', 'kill'];

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Measures one system that is up, with one generator. */
export class Performance {
  readonly #loaded: LoadedSystem;
  readonly #size: Size;

  constructor(loaded: LoadedSystem, size: Size) {
    [this.#loaded, this.#size] = [loaded, size];
  }

  async run(workloads: readonly Workload[], episode: Episode): Promise<void> {
    const wanted = new Set(workloads.filter((workload) => this.#loaded.system.workloads.includes(workload)));
    /** A failure is reported, and the later parts are still measured. */
    const measure = async (workload: Workload, task: () => Promise<void>): Promise<void> => {
      if (!wanted.has(workload)) return;
      try {
        await task();
      } catch (error) {
        episode.problems[`${NOT_MEASURED}${workload}: ${(error as Error).message}`] = 1;
      }
    };
    await measure('idle', async () => {
      try {
        episode.idle = await this.#idle();
      } finally {
        await this.#loaded.generator.call('disperse', []);
      }
    });
    if (PLAYED.every((workload) => !wanted.has(workload))) return;
    await this.#loaded.stage.deserted();
    const { rate, players, groupSize, heatSeconds } = this.#size;
    await this.#loaded.heat({ players, groupSize }, rate * players, heatSeconds);
    await measure('curve', async () => void (episode.curve = await measureCurve(this.#loaded, this.#size)));
    await measure('max', async () => void (episode.max = await this.#max()));
    await pause(SETTLE_MS);
    await measure('moves', async () => void (episode.moves = await this.#flow('play', rate * players)));
    await measure('chat', async () => void (episode.chat = await this.#chat()));
    Object.assign(episode.problems, await this.#loaded.generator.call('problems', []));
    // Last, because it leaves one replica fewer, and cut sockets.
    await measure('kill', async () => void (episode.kill = await this.#kill()));
    await this.#loaded.generator.call('disperse', []);
  }

  async #idle(): Promise<Record<string, number>> {
    const { first, all } = this.#size.idle;
    await this.#loaded.gather({ players: all, groupSize: this.#size.groupSize });
    await this.#loaded.generator.call('connect', [0, first]);
    const before = await this.#resting();
    await this.#loaded.generator.call('connect', [first, all]);
    const gained = residentBetween(before, await this.#resting());
    return Object.fromEntries(Object.entries(gained).map(([tier, bytes]) => [tier, bytes / (all - first)]));
  }

  /** The memory of the tiers after a garbage collection. */
  async #resting(): Promise<TierUsage> {
    const { stage, system } = this.#loaded;
    await pause(SETTLE_MS);
    if (system.dialect !== 'centrifugo') await stage.collectGarbage();
    await pause(SETTLE_MS);
    return tierUsage(stage.tiers);
  }

  async #chat(): Promise<Flow> {
    await this.#loaded.generator.call('listen', []);
    // Each arrival is announced to all players. Those announcements must be over before the measurement.
    await pause(SETTLE_MS);
    return this.#flow('say', this.#size.lines);
  }

  /** At the rate and for the time that the size says, or as given. */
  #flow(what: 'play' | 'say', rate: number, given: Partial<Load> = {}): Promise<Flow> {
    const { seconds, warmSeconds } = this.#size;
    return this.#loaded.flow(what, { rate, seconds, warmSeconds, ...given });
  }

  async #max(): Promise<NonNullable<Episode['max']>> {
    const { players, groupSize, rate, max } = this.#size;
    let best: Flow | undefined;
    await highest(rate * players * groupSize, max.most, async (deliveries) => {
      const flow = await this.#flow('play', deliveries / groupSize, max);
      const passed = flow.p99 <= max.limitMs && flow.lost === 0 && flow.deliveriesPerSecond >= max.enough * deliveries;
      if (passed && flow.deliveriesPerSecond > (best?.deliveriesPerSecond ?? 0)) best = flow;
      return passed;
    });
    if (!best) return { deliveriesPerSecond: 0, p99: Number.NaN, cpu: {}, generatorCpu: Number.NaN };
    const { deliveriesPerSecond, p99, cpu, generatorCpu } = best;
    return { deliveriesPerSecond, p99, cpu, generatorCpu };
  }

  async #kill(): Promise<NonNullable<Episode['kill']>> {
    const { killPlayers, groupSize, rate } = this.#size;
    const { stage, generator } = this.#loaded;
    await generator.call('beginFailover', [killPlayers / groupSize, rate * killPlayers]);
    await pause(QUIET_MS);
    const [killed, affected] = fullest(await generator.call('replicas', []));
    const tiers: Tiers = { ...stage.tiersWithout(killed), generator: [generator.pid] };
    const before = tierUsage(tiers);
    let cpuMs: Record<string, number> = {};
    const killedAt = now();
    stage.signalReplica(killed, 'SIGKILL');
    const { measured, absences } = await generator.call('endFailover', [affected], () => {
      cpuMs = cpuBetween(before, tierUsage(tiers));
    });
    const back = absences.filter(({ at }) => at.back !== undefined).length;
    const steps = stepsOf(absences, killedAt);
    const allBackMs = back >= affected ? steps.back.all : Number.NaN;
    return { ...tallyOf(measured), affected, back, allBackMs, steps, cpuMs };
  }
}

/**
 * The number of the replica with the most players, and their count. When the players of a game share a replica, some
 * replicas have none.
 */
function fullest(players: Readonly<Record<string, number>>): [number: number, players: number] {
  const [name, most] = Object.entries(players).reduce((best, next) => (next[1] > best[1] ? next : best));
  return [Number(name.slice('ws'.length)), most];
}

function stepsOf(absences: readonly Absence[], since: number): NonNullable<Episode['kill']>['steps'] {
  const passed = (step: Step) => {
    const times = absences.flatMap(({ at }) => at[step] ?? []).sort((left, right) => left - right);
    return { half: percentile(times, 0.5) - since, all: (times.at(-1) ?? Number.NaN) - since };
  };
  return Object.fromEntries(STEPS.map((step) => [step, passed(step)])) as ReturnType<typeof stepsOf>;
}

const STRIDE = 1.5;
const FINE = 1.15;

/**
 * Searches for the highest rate that passes: in long strides until one fails, then in short ones from the last that
 * passed. A failed step is tried once more, because a single hiccup is not a limit. Returns the highest that passed, or
 * 0.
 */
export async function highest(
  first: number,
  most: number,
  passes: (rate: number) => Promise<boolean>,
): Promise<number> {
  const step = async (rate: number) => (await passes(rate)) || passes(rate);
  let best = 0;
  for (const factor of [STRIDE, FINE]) {
    let rate = best === 0 ? first : best * factor;
    for (; rate <= most && (await step(rate)); rate *= factor) best = rate;
    if (best === 0 || rate > most) break;
  }
  return best;
}
