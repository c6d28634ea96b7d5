import * as v from 'valibot';
import { type ChannelRule, GameCode, plainText, Seq } from '../../protocol/index.ts';
import { GRID_LIMITS } from './types.ts';

export const LOBBY = 'lobby';

/** The most characters in a line, and the lines kept for players who come later. */
export const CHAT = Object.freeze({ length: 500, history: 50 });

const Line = v.strictObject({ text: plainText(CHAT.length) });
/** What a player says in the lobby or in a game. */
export type Line = v.InferOutput<typeof Line>;

const MOST_CELLS = GRID_LIMITS.size.max ** 2;
const Cursor = v.strictObject({ cell: v.nullable(v.pipe(Seq, v.maxValue(MOST_CELLS - 1))) });
/** The cell that a player points at; null for none. */
export type Cursor = v.InferOutput<typeof Cursor>;

/** Where the players of a game point. */
export const cursorsOf = (game: string) => `cursors:${game}` as const;

const Rematch = v.strictObject({ game: GameCode });
/** The code of the game in which the players of a finished game meet again. */
export type Rematch = v.InferOutput<typeof Rematch>;

/** The channel that announces the next game to the players of a finished one. */
export const rematchChannel = (game: string) => `rematch:${game}` as const;

/** The chat of a game's watchers. Its players see it once the game is over. */
export const watchersChannel = (game: string) => `watchers:${game}` as const;

const chat = {
  data: Line,
  presence: true,
  line: ({ text }: Line) => text,
} as const;

/**
 * The lobby, where everybody talks; the chat of each game, which has the game's code as its name; its cursors; the chat of
 * its watchers; and where its players agree on another game.
 */
export const channels: readonly [
  ChannelRule<typeof LOBBY, Line>,
  ChannelRule<'{room}', Line>,
  ChannelRule<'cursors:{room}', Cursor>,
  ChannelRule<'watchers:{room}', Line>,
  ChannelRule<'rematch:{room}', Rematch>,
] = [
  {
    ...chat,
    name: LOBBY,
    subscribe: 'everyone',
    publish: 'everyone',
    history: { messages: CHAT.history, seconds: 7 * 24 * 3600 },
  },
  {
    ...chat,
    name: '{room}',
    subscribe: 'members',
    publish: 'members',
    history: { messages: CHAT.history, seconds: 3600 },
  },
  {
    name: 'cursors:{room}',
    data: Cursor,
    subscribe: 'members',
    publish: 'members',
    history: 'none',
    presence: false,
  },
  {
    ...chat,
    name: 'watchers:{room}',
    subscribe: 'watchers',
    publish: 'watchers',
    history: { messages: CHAT.history, seconds: 3600 },
  },
  {
    name: 'rematch:{room}',
    data: Rematch,
    subscribe: 'members',
    publish: 'members',
    // Each player announces it once at most.
    history: { messages: 8, seconds: 900 },
    presence: false,
  },
];
