import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { processTree, processUsage } from './process-usage.ts';

/** The resources of a part of the system at one moment. */
export interface UsageSample {
  /** Seconds since the sampler began. */
  readonly at: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

/** The load of the whole machine over some time, with everything that runs on it. */
export interface MachineLoad {
  /** Cores that were busy on average. */
  readonly cores: number;
  /** Share of the time in which something waited for a core, and for the disk. */
  readonly waitedForCore: number;
  readonly waitedForDisk: number;
}

const EVERY_MS = 1000;

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Microseconds in which something waited for it, from the kernel's counter; 0 where there is none. */
const waited = (what: 'cpu' | 'io'): number =>
  Number(/^some .*total=(\d+)/m.exec(textOf(`/proc/pressure/${what}`))?.[1] ?? 0);

function machineNow() {
  const [user = 0, nice = 0, system = 0, idle = 0, disk = 0, ...rest] = (
    /^cpu +(.*)$/m.exec(textOf('/proc/stat'))?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  // The last two of the rest, for guests, are already included in user and nice.
  const busy = user + nice + system + rest.slice(0, 3).reduce((sum, ticks) => sum + ticks, 0);
  return { busy, all: busy + idle + disk, at: performance.now(), core: waited('cpu'), disk: waited('io') };
}

function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Reads the usage of processes once a second, each by its name with everything that it started. Linux only. */
export class UsageSampler {
  readonly samples = new Map<string, UsageSample[]>();
  readonly #pidsOf: () => Promise<Readonly<Record<string, readonly number[]>>>;
  /** Milliseconds of the wall clock, from which `at` counts. */
  readonly beganAt = Date.now();
  readonly #startedAt = performance.now();
  #pids: Readonly<Record<string, readonly number[]>> = {};
  #round = 0;
  #first = machineNow();
  #last = this.#first;
  #timer: NodeJS.Timeout | undefined;

  constructor(pidsOf: () => Promise<Readonly<Record<string, readonly number[]>>>) {
    this.#pidsOf = pidsOf;
  }

  start(): void {
    this.#first = machineNow();
    void this.#sample();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#round = Infinity;
  }

  async #sample(): Promise<void> {
    // Processes are replaced during a run, and searching for them costs more than reading them.
    if (this.#round % 5 === 0) this.#pids = await this.#pidsOf().catch(() => this.#pids);
    if (this.#round === Infinity) return;
    const at = (performance.now() - this.#startedAt) / 1000;
    this.#last = machineNow();
    for (const [name, pids] of Object.entries(this.#pids)) {
      const tree = pids.flatMap((pid) => processTree(pid));
      const used = tree.flatMap((pid) => {
        const usage = processUsage(pid);
        return usage ? [{ ...usage, descriptors: descriptorsOf(pid) }] : [];
      });
      if (used.length === 0) continue;
      const total = (of: (usage: (typeof used)[number]) => number) => used.reduce((sum, usage) => sum + of(usage), 0);
      const list = this.samples.get(name) ?? [];
      this.samples.set(name, list);
      list.push({
        at,
        cpuMs: total(({ cpuMs }) => cpuMs),
        residentBytes: total(({ residentBytes }) => residentBytes),
        descriptors: total(({ descriptors }) => descriptors),
      });
    }
    this.#round++;
    this.#timer = setTimeout(() => void this.#sample(), EVERY_MS);
  }

  /** From the start to the last sample; undefined where there is no /proc. */
  machine(): MachineLoad | undefined {
    const [first, last] = [this.#first, this.#last];
    if (last.all <= first.all) return undefined;
    const us = (last.at - first.at) * 1000;
    return {
      cores: ((last.busy - first.busy) / (last.all - first.all)) * os.availableParallelism(),
      waitedForCore: (last.core - first.core) / us,
      waitedForDisk: (last.disk - first.disk) / us,
    };
  }

  /** Share of one core, by part, over the whole run and at its busiest second. */
  cpu(): Record<string, { mean: number; most: number }> {
    return Object.fromEntries(
      [...this.samples].map(([name, samples]) => {
        const shares = samples.slice(1).map((sample, index) => cpuShare(samples[index]!, sample));
        // Not from the first to the last, because a process that was restarted in between began at 0 again.
        const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
        return [name, { mean, most: Math.max(0, ...shares) }];
      }),
    );
  }
}

/** One second of a part of the system. */
export interface UsageSecond {
  readonly cpu: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

/**
 * The samples as one value for each of this many seconds, counted from `from` on the sampler's clock. A busy machine is
 * sampled less often than once a second. Null before the first sample and after the last.
 */
export function bySecond(samples: readonly UsageSample[], from: number, seconds: number): (UsageSecond | null)[] {
  let next = 1;
  return Array.from({ length: seconds }, (_, second) => {
    const until = from + second + 1;
    while (next < samples.length && samples[next]!.at < until) next++;
    const [before, after] = [samples[next - 1], samples[next]];
    if (!before || !after || after.at < from + second || before.at >= until) return null;
    return { cpu: cpuShare(before, after), residentBytes: after.residentBytes, descriptors: after.descriptors };
  });
}

/** Of one core between two samples. A part that was restarted begins at 0 again. */
export const cpuShare = (before: UsageSample, after: UsageSample): number =>
  Math.max(0, after.cpuMs - before.cpuMs) / 1000 / Math.max(0.001, after.at - before.at);
