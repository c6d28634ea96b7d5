import type { Metrics } from './metrics.ts';

/** Seconds that the percentile looks back. */
const WINDOW = 10;

/** How often each bound was not exceeded, cumulated as Prometheus does; the last bound is infinite. */
export type Buckets = readonly { readonly bound: number; readonly count: number }[];

/**
 * The value that a share `q` stays below, by linear interpolation within its bucket; null when there are no values. In
 * the last bucket its lower bound.
 */
export function quantile(buckets: Buckets, q: number): number | null {
  const total = buckets.at(-1)?.count ?? 0;
  if (total <= 0) return null;
  const rank = q * total;
  let [lower, below] = [0, 0];
  for (const { bound, count } of buckets) {
    if (count >= rank) {
      return bound === Infinity ? lower : lower + (bound - lower) * ((rank - below) / (count - below || 1));
    }
    [lower, below] = [bound, count];
  }
  return lower;
}

/** The samples that a histogram gained between two readings. */
export function difference(later: Buckets, earlier: Buckets): Buckets {
  return later.map(({ bound, count }, index) => ({ bound, count: count - (earlier[index]?.count ?? 0) }));
}

/** Read once a second: what this replica did in the last one, and how fast it was in the last ten. */
export class Rates {
  readonly #metrics: Pick<Metrics, 'delivered' | 'commandSeconds'>;
  readonly #commands: Buckets[] = [];
  #delivered: number | undefined;
  #at = 0;
  events = 0;
  moves = 0;
  /** Milliseconds. */
  p99: number | null = null;

  constructor(metrics: Pick<Metrics, 'delivered' | 'commandSeconds'>) {
    this.#metrics = metrics;
  }

  async read(now = performance.now()): Promise<void> {
    const [delivered, commands] = await Promise.all([
      this.#metrics.delivered.get(),
      this.#metrics.commandSeconds.get(),
    ]);
    const total = delivered.values.reduce((sum, { value }) => sum + value, 0);
    const buckets = commands.values
      .filter(({ labels }) => labels.le !== undefined)
      .map(({ labels, value }) => ({ bound: labels.le === '+Inf' ? Infinity : Number(labels.le), count: value }));
    const seconds = (now - this.#at) / 1000;
    const before = this.#commands.at(-1);
    if (this.#delivered !== undefined && before && seconds > 0) {
      this.events = Math.round((total - this.#delivered) / seconds);
      this.moves = Math.round((difference(buckets, before).at(-1)?.count ?? 0) / seconds);
    }
    this.#delivered = total;
    this.#at = now;
    this.#commands.push(buckets);
    if (this.#commands.length > WINDOW + 1) this.#commands.shift();
    const p99 = quantile(difference(buckets, this.#commands[0]!), 0.99);
    this.p99 = p99 === null ? null : Math.round(p99 * 100_000) / 100;
  }
}
