import * as v from 'valibot';
import {
  applyEvent,
  GameEvent,
  GameSettings,
  type GameState,
  type RoomType,
  Seq,
  toSettings,
} from '../../protocol/index.ts';
import { type Capture, decide } from './rules.ts';

/** The capture game: players race for the cells of a square board until time is up or the board is full. */
export const grid: RoomType<GameSettings, GameState, Capture, GameEvent> = {
  name: 'grid',
  settings: v.pipe(GameSettings, v.transform(toSettings)),
  command: v.strictObject({ kind: v.literal('capture'), cell: Seq }),
  event: GameEvent,
  decide,
  evolve: applyEvent,
  members: ({ players }) => players,
  deadline: ({ status, endsAt }) => (status === 'active' ? endsAt : undefined),
  isOver: ({ status }) => status === 'completed',
  isOpen: ({ status }) => status === 'waiting',
  isPublic: ({ settings }) => settings.spectators === true,
  matching: {
    key: ({ players, size, seconds, spectators }) => `${players}x${size}x${seconds}${spectators ? 'w' : ''}`,
    seats: ({ players }) => players,
  },
};
