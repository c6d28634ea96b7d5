import { BOARD, type COLOURS, type Point, type State } from '../types.ts';

export type Colour = (typeof COLOURS)[number];
/** A line as it is drawn: a stroke of the board, or the one under the pen. */
export interface Line {
  readonly colour: Colour;
  readonly width: number;
  readonly points: readonly Point[];
}
/** Draws the board on a canvas. */
export class Picture {
  readonly #canvas: HTMLCanvasElement;
  #strokes: State['strokes'] = [];
  #isDue = false;
  /** Under the pen, not sent yet. */
  live: Line | undefined;
  /** The cross of the keyboard. */
  cross: Point | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.show()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.show());
  }

  /** Draws in the next frame, with these strokes from now on. */
  show(strokes = this.#strokes): void {
    this.#strokes = strokes;
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => this.#draw());
  }

  /** The place on the board of a place on the screen. */
  placeOf({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const [x, y] = [((clientX - left) / width) * BOARD.width, ((clientY - top) / height) * BOARD.height];
    return [within(x, BOARD.width), within(y, BOARD.height)];
  }

  /** The uppermost stroke at a place; undefined where there is none. */
  strokeAt(place: Point): number | undefined {
    return this.#strokes.findLast(({ points, width }) => distance(points, place) <= width / 2 + 8)?.id;
  }

  #draw(): void {
    this.#isDue = false;
    const scale = Math.min(devicePixelRatio, 2) * (this.#canvas.clientWidth / BOARD.width);
    const [width, height] = [Math.round(BOARD.width * scale), Math.round(BOARD.height * scale)];
    if (this.#canvas.width !== width) [this.#canvas.width, this.#canvas.height] = [width, height];
    const context = this.#canvas.getContext('2d')!;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, BOARD.width, BOARD.height);
    context.lineCap = context.lineJoin = 'round';
    for (const line of this.live ? [...this.#strokes, this.live] : this.#strokes) drawLine(context, line);
    if (this.cross) drawCross(context, this.cross);
  }
}

const within = (value: number, most: number): number => Math.round(Math.min(most, Math.max(0, value)));

/** The colour in the style sheet, for light or dark. */
function colourOf(colour: Colour): string {
  const probe = document.querySelector<HTMLElement>(`[data-colour="${colour}"]`);
  return probe ? getComputedStyle(probe).backgroundColor : 'gray';
}

function drawLine(context: CanvasRenderingContext2D, { colour, width, points }: Line): void {
  const [[x, y] = [0, 0], ...rest] = points;
  context.strokeStyle = colourOf(colour);
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x, y);
  // A line from a point to itself draws a dot.
  for (const point of rest.length === 0 ? [[x, y] as const] : rest) context.lineTo(...point);
  context.stroke();
}

function drawCross(context: CanvasRenderingContext2D, [x, y]: Point): void {
  context.strokeStyle = colourOf('ink');
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - 18, y);
  context.lineTo(x + 18, y);
  context.moveTo(x, y - 18);
  context.lineTo(x, y + 18);
  context.stroke();
}

/** The distance from a line to a place. */
function distance(points: readonly Point[], [x, y]: Point): number {
  return points.reduce((least, [toX, toY], index) => {
    const [fromX, fromY] = points[index - 1] ?? [toX, toY];
    const [dx, dy] = [toX - fromX, toY - fromY];
    const along = Math.min(1, Math.max(0, ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy || 1)));
    return Math.min(least, Math.hypot(x - fromX - along * dx, y - fromY - along * dy));
  }, Number.POSITIVE_INFINITY);
}
