export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((left, right) => left - right);

/** The value that a share (0 to 1) of the numbers does not exceed, by nearest rank; NaN for no numbers. */
export function percentile(sorted: Float64Array | readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/** The middle number, or the mean of the two in the middle; NaN for no numbers. */
export function median(numbers: Iterable<number>): number {
  const sorted = ascending(numbers);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** The number of measurements in it. */
  readonly of: number;
}

/** Undefined for no numbers. */
export function spreadOf(numbers: readonly number[]): Spread | undefined {
  const sorted = ascending(numbers.filter((number) => !Number.isNaN(number)));
  if (sorted.length === 0) return undefined;
  return { median: median(sorted), least: sorted[0]!, most: sorted.at(-1)!, of: sorted.length };
}

/** A ratio of medians, with its bounds when both are taken at the ends of their spreads. */
export function ratioOf(ours: Spread, theirs: Spread): Spread {
  return {
    median: ours.median / theirs.median,
    least: ours.least / theirs.most,
    most: ours.most / theirs.least,
    of: Math.min(ours.of, theirs.of),
  };
}

/** Times of moves, in milliseconds. */
export interface Latency {
  readonly moves: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function latencyOf(times: readonly number[]): Latency {
  const sorted = Float64Array.from(times).sort();
  return {
    moves: sorted.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    max: percentile(sorted, 1),
  };
}

/** Times of moves in two neighbouring windows of one run, one quiet and one with what is under test. */
export interface WindowPair {
  readonly quiet: readonly number[];
  readonly tested: readonly number[];
}

export interface PairedRatio {
  readonly ratio: number;
  /** The ratio of nine out of ten such runs is expected between these. */
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 400;

/**
 * The p99 of all tested windows divided by that of all quiet ones. The interval is a bootstrap over the pairs, each of
 * which saw the same neighbours on the machine.
 */
export function pairedP99Ratio(pairs: readonly WindowPair[], random: () => number = Math.random): PairedRatio {
  const of = (chosen: readonly WindowPair[]) =>
    latencyOf(chosen.flatMap(({ tested }) => tested)).p99 / latencyOf(chosen.flatMap(({ quiet }) => quiet)).p99;
  const draw = () => pairs[Math.floor(random() * pairs.length)]!;
  const ratios = Float64Array.from({ length: RESAMPLES }, () => of(pairs.map(draw))).sort();
  return { ratio: of(pairs), low: percentile(ratios, 0.05), high: percentile(ratios, 0.95) };
}

type Points = readonly (readonly [x: number, y: number])[];

/**
 * Growth of `y` for one of `x`, after Theil and Sen: the median of the slopes between all pairs. A few outliers, such
 * as a collection of garbage or a rewrite of a log, do not move it.
 */
export function slopeOf(points: Points): number {
  // The number of pairs grows with the square, and 200 points are enough.
  const every = Math.max(1, Math.ceil(points.length / 200));
  const some = points.filter((_, index) => index % every === 0);
  return median(
    some.flatMap(([x, y], first) => some.slice(first + 1).flatMap(([x2, y2]) => (x2 > x ? [(y2 - y) / (x2 - x)] : []))),
  );
}

/** The straight line through points, by least squares, with an intercept that is not negative. */
export function lineThrough(points: Points): { start: number; slope: number } {
  const [meanX, meanY] = [sum(points.map(([x]) => x)) / points.length, sum(points.map(([, y]) => y)) / points.length];
  const spread = sum(points.map(([x]) => (x - meanX) ** 2));
  const slope = spread === 0 ? 0 : sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const start = meanY - slope * meanX;
  if (start >= 0 && spread > 0) return { start, slope };
  // Through the origin.
  return { start: 0, slope: sum(points.map(([x, y]) => x * y)) / sum(points.map(([x]) => x * x)) };
}
