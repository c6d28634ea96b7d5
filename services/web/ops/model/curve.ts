import type { Point } from './history.ts';

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** The moment at the right edge, and how many milliseconds there are to the left one. */
  readonly now: number;
  readonly spanMs: number;
  /** The value at the top. */
  readonly max: number;
}

/** A replica says something each second: where nothing is for so long, nothing is drawn. */
const GAP_MS = 3500;
/** Room for the line's width above and below. */
const MARGIN = 2;

/** The parts of a curve that hang together, as the SVG path of their line and that of the area below it. */
export function curve(
  points: readonly Point[],
  { width, height, now, spanMs, max }: Frame,
): { line: string; area: string } {
  const x = (at: number) => round(width - ((now - at) / spanMs) * width);
  const y = (value: number) => round(height - MARGIN - (max > 0 ? value / max : 0) * (height - 2 * MARGIN));
  let [line, area] = ['', ''];
  for (const part of parts(points.filter(({ at }) => at > now - spanMs))) {
    const drawn = part.map(({ at, value }) => `${x(at)} ${y(value)}`).join('L');
    const [first, last] = [x(part[0]!.at), x(part.at(-1)!.at)];
    line += part.length === 1 ? `M${drawn}h0.1` : `M${drawn}`;
    area += `M${first} ${height}L${drawn}L${last} ${height}Z`;
  }
  return { line, area };
}

type Known = Point & { readonly value: number };

function parts(points: readonly Point[]): Known[][] {
  const found: Known[][] = [];
  let before: Point | undefined;
  for (const point of points) {
    if (point.value === null) before = undefined;
    else {
      const known = point as Known;
      if (before !== undefined && point.at - before.at <= GAP_MS) found.at(-1)!.push(known);
      else found.push([known]);
      before = point;
    }
  }
  return found;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** A round number that is not below the value: 1, 2 or 5 times a power of ten. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9))!;
}
