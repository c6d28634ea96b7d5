import * as v from 'valibot';
import { type RoomType, Seq } from '../../protocol/index.ts';
import { channels } from './channels.ts';
import { applyEvent } from './fold.ts';
import { type Capture, close, decide, type Introduction, REFUSALS, results } from './rules.ts';
import { BotStrength, GameEvent, type GameSettings, GameState, SettingsRequest } from './types.ts';

export {
  CHAT,
  type Cursor,
  cursorsOf,
  type Line,
  LOBBY,
  type Rematch,
  rematchChannel,
  watchersChannel,
} from './channels.ts';
export { FoldError, FREE } from './fold.ts';
export type * from './messages.ts';
export * from './types.ts';
export { applyEvent, type Capture, type Introduction };

/** The static type of the room type. */
export type Grid = typeof grid;

/** The command that takes a cell: `row * size + column`. */
export const capture = (cell: number): Capture => ({ kind: 'capture', cell });

/** The command by which a bot says that it is one. */
export const introduce = (bot: BotStrength): Introduction => ({ kind: 'introduce', bot });

/** The capture game: players race for the cells of a square board until time is up or the board is full. */
export const grid: RoomType<GameSettings, GameState, Capture | Introduction, GameEvent, typeof channels> = {
  name: 'grid',
  refusals: REFUSALS,
  settings: SettingsRequest,
  command: v.variant('kind', [
    v.strictObject({ kind: v.literal('capture'), cell: Seq }),
    v.strictObject({ kind: v.literal('introduce'), bot: BotStrength }),
  ]),
  event: GameEvent,
  state: GameState,
  decide,
  evolve: applyEvent,
  close,
  members: ({ players }) => players,
  deadline: ({ status, endsAt }) => (status === 'active' ? endsAt : undefined),
  isOver: ({ status }) => status === 'completed',
  results,
  isOpen: ({ status }) => status === 'waiting',
  isPublic: ({ settings }) => settings.spectators === true,
  matching: {
    // A rematch is only for the players of one game: the first who asks creates it, and the others find it.
    key: ({ players, size, seconds, spectators, rematchOf }) =>
      `${players}x${size}x${seconds}${spectators ? 'w' : ''}${rematchOf ? `-${rematchOf}` : ''}`,
    seats: ({ players }) => players,
  },
  channels,
};
