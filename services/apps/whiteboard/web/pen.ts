import { type Point, STROKE_POINTS } from '../types.ts';
import type { Line } from './picture.ts';

/** A long line is sent in pieces, so that others see it while it is drawn. */
const PIECE_MS = 250;
const PIECE_POINTS = 40;
/** A point that is nearer than this to the previous one is skipped. */
const LEAST_STEP = 3;

/** Gathers points into strokes: the sent part, and the part still under the pen. */
export class Pen {
  readonly #send: (line: Line) => void;
  #line: Line | undefined;
  #since = 0;

  constructor(send: (line: Line) => void) {
    this.#send = send;
  }

  /** The unsent part; undefined while the pen is up. */
  get line(): Line | undefined {
    return this.#line;
  }

  down(at: Point, colour: Line['colour'], width: number): void {
    this.#line = { colour, width, points: [at] };
    this.#since = performance.now();
  }

  move(at: Point): void {
    if (!this.#line) return;
    const { points } = this.#line;
    const [x, y] = points.at(-1)!;
    if (Math.hypot(at[0] - x, at[1] - y) < LEAST_STEP) return;
    this.#line = { ...this.#line, points: [...points, at] };
    const isLong = this.#line.points.length >= Math.min(PIECE_POINTS, STROKE_POINTS);
    if (isLong || performance.now() - this.#since > PIECE_MS) this.#next(at);
  }

  up(): void {
    const line = this.#line;
    this.#line = undefined;
    // The last piece may be only the point from which the line would have continued.
    if (line && (line.points.length > 1 || !this.#isPiece)) this.#send(line);
    this.#isPiece = false;
  }

  #isPiece = false;

  #next(at: Point): void {
    this.#send(this.#line!);
    this.#line = { ...this.#line!, points: [at] };
    this.#since = performance.now();
    this.#isPiece = true;
  }
}
