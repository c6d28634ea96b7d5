/** The value below which a share (0 to 1) of the numbers lies, by nearest rank; NaN of none. */
export function percentile(sorted: Float64Array | readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** How many measurements it is made of. */
  readonly of: number;
}

/** Undefined of no numbers. */
export function spreadOf(numbers: readonly number[]): Spread | undefined {
  const sorted = numbers.filter((number) => !Number.isNaN(number)).sort((left, right) => left - right);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)!, of: sorted.length };
}

/** A ratio of medians, and between what it lies if both are taken at the ends of their spreads. */
export function ratioOf(ours: Spread, theirs: Spread): Spread {
  return {
    median: ours.median / theirs.median,
    least: ours.least / theirs.most,
    most: ours.most / theirs.least,
    of: Math.min(ours.of, theirs.of),
  };
}
