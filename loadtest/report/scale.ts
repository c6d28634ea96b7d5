export interface Scale {
  /** Where a value is, from 0 (bottom) to 1 (top). */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

const NICE = [1, 2, 2.5, 5, 10];

/** From 0 to a round number at or above the most, with a few round steps. */
export function linear(most: number): Scale {
  const raw = Math.max(most, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = NICE.map((nice) => nice * power).find((nice) => nice >= raw * 0.999)!;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
  return { at: (value) => Math.max(0, Math.min(1, value / (step * count))), ticks };
}

/** Powers of ten from 1 to at or above the most: for times, of which the rare ones are far from the usual. */
export function logarithmic(most: number): Scale {
  const powers = Math.max(1, Math.ceil(Math.log10(Math.max(most, 2)) - 1e-9));
  return {
    at: (value) => Math.max(0, Math.min(1, Math.log10(Math.max(1, value)) / powers)),
    ticks: Array.from({ length: powers + 1 }, (_, index) => 10 ** index),
  };
}
