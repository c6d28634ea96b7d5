import { readdirSync } from 'node:fs';
import { processTree, processUsage } from '../measure/process-usage.ts';

/** What a part of the system uses at a moment. */
export interface UsageSample {
  /** Seconds since the sampler began. */
  readonly at: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

const EVERY_MS = 1000;

function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Reads once a second what processes use, each by its name, with all that it started. Linux only. */
export class UsageSampler {
  readonly samples = new Map<string, UsageSample[]>();
  readonly #pidsOf: () => Promise<Readonly<Record<string, readonly number[]>>>;
  readonly #startedAt = performance.now();
  #pids: Readonly<Record<string, readonly number[]>> = {};
  #round = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(pidsOf: () => Promise<Readonly<Record<string, readonly number[]>>>) {
    this.#pidsOf = pidsOf;
  }

  start(): void {
    void this.#sample();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#round = Infinity;
  }

  async #sample(): Promise<void> {
    // Processes are replaced in the course of a run; looking for them costs more than reading them.
    if (this.#round % 5 === 0) this.#pids = await this.#pidsOf().catch(() => this.#pids);
    if (this.#round === Infinity) return;
    const at = (performance.now() - this.#startedAt) / 1000;
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

  /** Share of one core, by part, over the whole run and at its busiest second. */
  cpu(): Record<string, { mean: number; most: number }> {
    return Object.fromEntries([...this.samples].map(([name, samples]) => {
      const shares = samples.slice(1).map((sample, index) => cpuShare(samples[index]!, sample));
      // Not from the first to the last: whoever was restarted in between began at 0 again.
      const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
      return [name, { mean, most: Math.max(0, ...shares) }];
    }));
  }
}

/** Of one core between two samples. A part that was restarted begins at 0 again. */
export const cpuShare = (before: UsageSample, after: UsageSample): number =>
  Math.max(0, after.cpuMs - before.cpuMs) / 1000 / Math.max(0.001, after.at - before.at);
