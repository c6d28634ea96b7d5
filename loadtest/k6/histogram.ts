/** Exact to the millisecond below this; beyond it, 32 buckets for each doubling, 2.2 % apart. */
const EXACT = 64;
const PER_DOUBLING = 32;

/** The bucket of a number of milliseconds. */
export function bucketOf(ms: number): number {
  if (!(ms > 0)) return 0;
  return ms < EXACT ? Math.floor(ms) : EXACT + Math.floor(PER_DOUBLING * Math.log2(ms / EXACT));
}

/** The least number of milliseconds of a bucket. */
export function millisecondsOf(bucket: number): number {
  return bucket < EXACT ? bucket : EXACT * 2 ** ((bucket - EXACT) / PER_DOUBLING);
}

/** The number of samples in each bucket. Histograms can be added up. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(ms: number): void {
    this.#put(bucketOf(ms), 1);
  }

  addAll(counts: Readonly<Record<number, number>>): void {
    for (const bucket of Object.keys(counts)) this.#put(Number(bucket), counts[Number(bucket)]!);
  }

  merge(other: Histogram): void {
    for (const [bucket, count] of other.#counts) this.#put(bucket, count);
  }

  #put(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#total += count;
  }

  /** The samples that were added since the last call. */
  take(): Record<number, number> {
    const counts = Object.fromEntries(this.#counts) as Record<number, number>;
    this.#counts.clear();
    this.#total = 0;
    return counts;
  }

  /** By nearest rank, in milliseconds; NaN without samples. */
  percentile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    let left = Math.max(1, Math.ceil(share * this.#total));
    const buckets = [...this.#counts.keys()].sort((a, b) => a - b);
    for (const bucket of buckets) {
      left -= this.#counts.get(bucket)!;
      if (left <= 0) return millisecondsOf(bucket);
    }
    return millisecondsOf(buckets.at(-1)!);
  }
}
