import type { Point } from './history.ts';

export interface Span {
  /** The moment at the right edge, and how many milliseconds there are to the left one. */
  readonly now: number;
  readonly spanMs: number;
  /** The curve is interrupted where there is no point for this long. */
  readonly gapMs: number;
}

/** Seconds, and the value of each: null where the line is interrupted. */
export type Columns = [seconds: number[], values: (number | null)[]];

/** Points in the form that the chart needs. */
export function columns(points: readonly Point[], { now, spanMs, gapMs }: Span): Columns {
  const [seconds, values]: Columns = [[], []];
  let before: number | undefined;
  for (const { at, value } of points) {
    if (at <= now - spanMs || at > now) continue;
    if (before !== undefined && at - before > gapMs) {
      seconds.push((before + gapMs / 2) / 1000);
      values.push(null);
    }
    seconds.push(at / 1000);
    values.push(value);
    before = at;
  }
  return [seconds, values];
}

/** A round number that is not below the value: 1, 2 or 5 times a power of ten. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9))!;
}
