import * as v from 'valibot';
import { PlayerId, PlayerRef, plainText, Seq } from '../../protocol/index.ts';

/** The sides of the board. The coordinates of a point are whole numbers. */
export const BOARD = Object.freeze({ width: 1600, height: 900 });
/** The most that a board keeps. Beyond it, the oldest strokes are dropped. */
export const KEPT = Object.freeze({ strokes: 400, points: 6000 });
/** Points of one stroke; a longer line is several strokes. */
export const STROKE_POINTS = 100;
export const COLOURS = ['ink', 'blue', 'green', 'orange', 'red', 'purple'] as const;
export const WIDTH = Object.freeze({ min: 2, max: 60 });
export const MOST_PLAYERS = 50;
const NAME_LENGTH = 60;

export const Settings = v.strictObject({ name: v.optional(plainText(NAME_LENGTH), 'Whiteboard') });
export type Settings = v.InferOutput<typeof Settings>;

const within = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));
const Point = v.strictTuple([within(0, BOARD.width), within(0, BOARD.height)]);
export type Point = v.InferOutput<typeof Point>;

const line = {
  colour: v.picklist(COLOURS),
  width: within(WIDTH.min, WIDTH.max),
  points: v.pipe(v.array(Point), v.minLength(1), v.maxLength(STROKE_POINTS)),
};

export const Command = v.variant('kind', [
  v.strictObject({ kind: v.literal('draw'), ...line }),
  /** Erases any stroke, whether the player drew it or not. */
  v.strictObject({ kind: v.literal('erase'), stroke: Seq }),
  v.strictObject({ kind: v.literal('clear') }),
]);
export type Command = v.InferOutput<typeof Command>;

export const Stroke = v.object({ id: Seq, player: PlayerId, ...line });
export type Stroke = v.InferOutput<typeof Stroke>;

export const Event = v.variant('kind', [
  v.object({ kind: v.literal('opened'), name: v.string() }),
  v.object({ kind: v.literal('joined'), player: PlayerRef }),
  v.object({ kind: v.literal('left'), player: PlayerId }),
  v.object({ kind: v.literal('drawn'), stroke: Stroke }),
  v.object({ kind: v.literal('erased'), player: PlayerId, stroke: Seq }),
  v.object({ kind: v.literal('cleared'), player: PlayerId }),
  v.object({ kind: v.literal('closed') }),
]);
export type Event = v.InferOutput<typeof Event>;

export const State = v.object({
  name: v.string(),
  /** The oldest first, which is also the lowest on the board. */
  strokes: v.array(Stroke),
  /** The number of points of all strokes. */
  points: Seq,
  /** The id of the next stroke. */
  next: Seq,
  players: v.array(PlayerRef),
  /** An operator has closed the board. */
  closed: v.optional(v.literal(true)),
});
export type State = v.InferOutput<typeof State>;
