import * as v from 'valibot';
import { GameCode, PlayerId, Seq, Timestamp } from '../../protocol/index.ts';

/** The minimum, maximum and default of each setting. */
export const GRID_LIMITS = Object.freeze({
  players: { min: 2, max: 8, default: 4 },
  size: { min: 3, max: 16, default: 9 },
  seconds: { min: 5, max: 300, default: 30 },
});

const within = ({ min, max }: { min: number; max: number }) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max));

export const PlayersSetting = within(GRID_LIMITS.players);
export const SizeSetting = within(GRID_LIMITS.size);
export const SecondsSetting = within(GRID_LIMITS.seconds);

/**
 * A game's shape: seats, side of the square board in cells, length in seconds; whether others may watch; and the game
 * that it is the rematch of.
 */
export const GameSettings = v.object({
  players: PlayersSetting,
  size: SizeSetting,
  seconds: SecondsSetting,
  spectators: v.optional(v.boolean()),
  rematchOf: v.optional(GameCode),
});
export type GameSettings = v.InferOutput<typeof GameSettings>;

/** The settings in a request; what is left out has its default. */
export const SettingsRequest = v.pipe(
  v.strictObject({
    players: v.optional(PlayersSetting, GRID_LIMITS.players.default),
    size: v.optional(SizeSetting, GRID_LIMITS.size.default),
    seconds: v.optional(SecondsSetting, GRID_LIMITS.seconds.default),
    /** Whether others may watch the game. */
    spectators: v.optional(v.boolean()),
    /** The finished game, if this is a rematch of it. */
    rematchOf: v.optional(GameCode),
  }),
  // The store keeps settings in this form: without false and undefined fields.
  v.transform(
    ({ players, size, seconds, spectators, rematchOf }): GameSettings => ({
      players,
      size,
      seconds,
      ...(spectators ? { spectators } : {}),
      ...(rematchOf === undefined ? {} : { rematchOf }),
    }),
  ),
);

/** How well a bot plays. */
export const BotStrength = v.picklist(['easy', 'medium', 'hard']);
export type BotStrength = v.InferOutput<typeof BotStrength>;

/**
 * A player at a seat, which is the index in `GameState.players`. The score is the number of cells held; `bot` marks a
 * bot.
 */
const SeatedPlayer = v.object({ id: PlayerId, name: v.string(), score: Seq, bot: v.optional(BotStrength) });

/** Best first; equal scores share a rank and the next rank is skipped (1, 2, 2, 4). */
export const Ranked = v.object({ rank: Seq, player: PlayerId, name: v.string(), score: Seq });
export type Ranked = v.InferOutput<typeof Ranked>;

const GameStatus = v.picklist(['waiting', 'active', 'completed']);

const FinishReason = v.picklist(['time', 'board', 'closed']);
export type FinishReason = v.InferOutput<typeof FinishReason>;

export const GameState = v.object({
  settings: GameSettings,
  status: GameStatus,
  players: v.array(SeatedPlayer),
  /** One entry per cell, row by row: the seat that holds it, or -1. */
  cells: v.array(v.number()),
  createdAt: Timestamp,
  startedAt: v.optional(Timestamp),
  endsAt: v.optional(Timestamp),
  finishedAt: v.optional(Timestamp),
  reason: v.optional(FinishReason),
  ranking: v.optional(v.array(Ranked)),
});
export type GameState = v.InferOutput<typeof GameState>;

/** An event of a game. Folding the events of a game from seq 1 gives its state (`applyEvent` of the game's rules). */
export const GameEvent = v.variant('kind', [
  v.object({ kind: v.literal('created'), settings: GameSettings }),
  v.object({ kind: v.literal('joined'), player: PlayerId, name: v.string(), seat: Seq }),
  /** Only while the game waits: later seats move up by one. */
  v.object({ kind: v.literal('left'), player: PlayerId, seat: Seq }),
  /** A bot has identified itself. */
  v.object({ kind: v.literal('introduced'), player: PlayerId, seat: Seq, bot: BotStrength }),
  v.object({ kind: v.literal('started'), startedAt: Timestamp, endsAt: Timestamp }),
  v.object({ kind: v.literal('captured'), player: PlayerId, seat: Seq, cell: Seq, scores: v.array(Seq) }),
  v.object({ kind: v.literal('finished'), reason: FinishReason, ranking: v.array(Ranked) }),
]);
export type GameEvent = v.InferOutput<typeof GameEvent>;
