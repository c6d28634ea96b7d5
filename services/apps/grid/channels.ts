import * as v from 'valibot';
import { type ChannelRule, plainText } from '../../protocol/index.ts';

export const LOBBY = 'lobby';

/** Characters of a line, and how many are kept for players who come later. */
export const CHAT = Object.freeze({ length: 500, history: 50 });

const Line = v.strictObject({ text: plainText(CHAT.length) });
/** What a player says in the lobby or in a game. */
export type Line = v.InferOutput<typeof Line>;

const chat = {
  data: Line,
  presence: true,
  line: ({ text }: Line) => text,
} as const;

/** The lobby, where everybody talks, and the chat of each game, which has the game's code as its name. */
export const channels: readonly [ChannelRule<typeof LOBBY, Line>, ChannelRule<'{room}', Line>] = [
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
];
