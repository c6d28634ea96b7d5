import * as v from 'valibot';
import { LIMITS } from './limits.ts';

/** Letters and digits nobody confuses when a code is read aloud. */
export const CODE_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
export const CODE_LENGTH = 6;

const CODE_PATTERN = new RegExp(`^[${CODE_ALPHABET}]{${CODE_LENGTH}}$`);
const PLAYER_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export const GameCode = v.pipe(v.string(), v.regex(CODE_PATTERN, 'is not a game code'));
export const PlayerId = v.pipe(v.string(), v.regex(PLAYER_PATTERN, 'is not a player id'));
export const Epoch = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
/** Position in a game's or a channel's history: 0 before the first event. */
export const Seq = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Milliseconds since the Unix epoch, by Redis's clock. */
export const Timestamp = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const within = ({ min, max }: { min: number; max: number }) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max));

export const PlayersSetting = within(LIMITS.players);
export const SizeSetting = within(LIMITS.size);
export const SecondsSetting = within(LIMITS.seconds);

/** A game's shape: seats, side of the square board in cells, length in seconds; and whether others may watch. */
export const GameSettings = v.object({
  players: PlayersSetting,
  size: SizeSetting,
  seconds: SecondsSetting,
  spectators: v.optional(v.boolean()),
});
export type GameSettings = v.InferOutput<typeof GameSettings>;

/** The settings in a request and nothing else of it, in the one form they are kept in. */
export const toSettings = ({ players, size, seconds, spectators }: GameSettings): GameSettings => ({
  players,
  size,
  seconds,
  ...(spectators ? { spectators } : {}),
});

export const PlayerRef = v.object({ id: PlayerId, name: v.string() });
export type PlayerRef = v.InferOutput<typeof PlayerRef>;

/** A player at a seat; the seat is the index in `GameState.players`, the score the number of cells held. */
const SeatedPlayer = v.object({ id: PlayerId, name: v.string(), score: Seq });

/** Best first; equal scores share a rank and the next rank is skipped (1, 2, 2, 4). */
export const Ranked = v.object({ rank: Seq, player: PlayerId, name: v.string(), score: Seq });
export type Ranked = v.InferOutput<typeof Ranked>;

const GameStatus = v.picklist(['waiting', 'active', 'completed']);

const FinishReason = v.picklist(['time', 'board']);

export const GameState = v.object({
  settings: GameSettings,
  status: GameStatus,
  players: v.array(SeatedPlayer),
  /** One entry a cell, row by row: the seat that holds it, or -1. */
  cells: v.array(v.number()),
  createdAt: Timestamp,
  startedAt: v.optional(Timestamp),
  endsAt: v.optional(Timestamp),
  finishedAt: v.optional(Timestamp),
  reason: v.optional(FinishReason),
  ranking: v.optional(v.array(Ranked)),
});
export type GameState = v.InferOutput<typeof GameState>;

/** What happened in a game. Folding the events of a game from seq 1 gives its state (`applyEvent` of the game's rules). */
export const GameEvent = v.variant('kind', [
  v.object({ kind: v.literal('created'), settings: GameSettings }),
  v.object({ kind: v.literal('joined'), player: PlayerId, name: v.string(), seat: Seq }),
  /** Only while the game waits: later seats move up by one. */
  v.object({ kind: v.literal('left'), player: PlayerId, seat: Seq }),
  v.object({ kind: v.literal('started'), startedAt: Timestamp, endsAt: Timestamp }),
  v.object({ kind: v.literal('captured'), player: PlayerId, seat: Seq, cell: Seq, scores: v.array(Seq) }),
  v.object({ kind: v.literal('finished'), reason: FinishReason, ranking: v.array(Ranked) }),
]);
export type GameEvent = v.InferOutput<typeof GameEvent>;
