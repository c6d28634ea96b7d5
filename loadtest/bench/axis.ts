/** An axis of values. */
export interface Axis {
  /** Where a value is, from 0 to 1. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

const NICE = [1, 2, 2.5, 5, 10];

/** From 0 to a round number at or above the most, with a few round steps. */
export function linear(most: number): Axis {
  const raw = Math.max(most, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = NICE.map((nice) => nice * power).find((nice) => nice >= raw * 0.999)!;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
  return { at: (value) => Math.max(0, Math.min(1, value / (step * count))), ticks };
}

/** One, two and five of every power of ten from at or below the least to at or above the most. */
export function decades(least: number, most: number): Axis {
  const low = Math.floor(Math.log10(Math.max(least, 1e-6)));
  const high = Math.ceil(Math.log10(Math.max(most, least, 1e-6))) + 1;
  const steps = Array.from({ length: high - low }, (_, power) => [1, 2, 5].map((step) => step * 10 ** (low + power)))
    .flat()
    .map((step) => Number(step.toPrecision(1)));
  const first = steps.findLastIndex((step) => step <= least);
  const last = steps.findIndex((step, index) => step >= most && index > Math.max(0, first));
  const ticks = steps.slice(Math.max(0, first), last + 1);
  const [from, to] = [Math.log(ticks[0]!), Math.log(ticks.at(-1)!)];
  return { at: (value) => Math.max(0, Math.min(1, (Math.log(value) - from) / (to - from))), ticks };
}

/** The ticks that have room for their number, from the last, which is the largest. */
export function apart(ticks: readonly number[], place: (tick: number) => number, least: number): number[] {
  const kept: number[] = [];
  for (const tick of ticks.toReversed()) {
    if (kept.every((other) => Math.abs(place(other) - place(tick)) >= least)) kept.push(tick);
  }
  return kept.reverse();
}
