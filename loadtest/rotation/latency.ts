/** Times of moves, in milliseconds. */
export interface Latency {
  moves: number;
  p50: number;
  p99: number;
  max: number;
}

/** The value that this share of the values does not exceed; NaN of none. `sorted` is in ascending order. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
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

/** Times of moves in two neighbouring stretches of a run, one with rotations and one without. */
export interface Pair {
  calm: readonly number[];
  rotating: readonly number[];
}

export interface Ratio {
  ratio: number;
  /** Nine of ten such runs are expected between these. */
  low: number;
  high: number;
}

const RESAMPLES = 400;
const p99 = (times: readonly number[]) => latencyOf(times).p99;

/**
 * The p99 with rotations by that without. The interval is a bootstrap over the pairs, each of which saw the same
 * neighbours on the machine.
 */
export function ratioOf(pairs: readonly Pair[], random: () => number = Math.random): Ratio {
  const of = (chosen: readonly Pair[]) =>
    p99(chosen.flatMap(({ rotating }) => rotating)) / p99(chosen.flatMap(({ calm }) => calm));
  const draw = () => pairs[Math.floor(random() * pairs.length)]!;
  const ratios = Float64Array.from({ length: RESAMPLES }, () => of(pairs.map(draw))).sort();
  return { ratio: of(pairs), low: percentile(ratios, 0.05), high: percentile(ratios, 0.95) };
}
