import * as v from 'valibot';
import { type RoomType, Seq } from '../../protocol/index.ts';
import { channels } from './channels.ts';
import { applyEvent } from './fold.ts';
import { type Capture, close, decide, REFUSALS } from './rules.ts';
import { GameEvent, type GameSettings, GameState, SettingsRequest } from './types.ts';

export { CHAT, type Cursor, cursorsOf, type Line, LOBBY } from './channels.ts';
export { FoldError, FREE } from './fold.ts';
export type * from './messages.ts';
export * from './types.ts';
export { applyEvent, type Capture };

/** The type of the room type, for what is typed by it. */
export type Grid = typeof grid;

/** The command that takes a cell: `row * size + column`. */
export const capture = (cell: number): Capture => ({ kind: 'capture', cell });

/** The capture game: players race for the cells of a square board until time is up or the board is full. */
export const grid: RoomType<GameSettings, GameState, Capture, GameEvent, typeof channels> = {
  name: 'grid',
  refusals: REFUSALS,
  settings: SettingsRequest,
  command: v.strictObject({ kind: v.literal('capture'), cell: Seq }),
  event: GameEvent,
  state: GameState,
  decide,
  evolve: applyEvent,
  close,
  members: ({ players }) => players,
  deadline: ({ status, endsAt }) => (status === 'active' ? endsAt : undefined),
  isOver: ({ status }) => status === 'completed',
  isOpen: ({ status }) => status === 'waiting',
  isPublic: ({ settings }) => settings.spectators === true,
  matching: {
    key: ({ players, size, seconds, spectators }) => `${players}x${size}x${seconds}${spectators ? 'w' : ''}`,
    seats: ({ players }) => players,
  },
  channels,
};
