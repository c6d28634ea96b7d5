import * as v from 'valibot';
import { GameCode, type PlayerRef } from './types.ts';

/**
 * The players who may do something in a channel. These are all players, the members of the room in its name, nobody but
 * backends, or the players that a pure function accepts. `watchers` are the watchers of that room, and its members once
 * it is over.
 */
export type Access = 'everyone' | 'members' | 'watchers' | 'nobody' | ((player: PlayerRef, channel: string) => boolean);

interface KeptHistory {
  readonly messages: number;
  readonly seconds: number;
}

/** An application's rules for one kind of channel. */
export interface ChannelRule<Name extends string = string, Data = unknown> {
  /**
   * The channels that the rule applies to: parts with colons between them. A part is literal (`lobby`), `{room}` for
   * the code of a room, or `*` for anything. Of several rules that match a name the first one applies.
   */
  readonly name: Name;
  /** The content of a message: any JSON value up to the size of a frame. */
  readonly data: v.GenericSchema<unknown, Data>;
  readonly subscribe: Access;
  readonly publish: Access;
  /**
   * The history of a channel: how many of the newest messages are kept (1 to 1000), and for how many seconds after the
   * last one. With `none`, a message goes only to present subscribers, as a signal that may be lost, and is not stored.
   */
  readonly history: KeptHistory | 'none';
  /** Whether subscribers are told who else is there. */
  readonly presence: boolean;
  /** A message as one line for a terminal, which shows it after the APPID of its replica and a colon. */
  readonly line?: (data: Data) => string;
}

/** A rule for code that does not use its types. */
export type AnyChannelRule = ChannelRule<string, any>;

/** Bounds of `history`. */
export const CHANNEL_HISTORY = Object.freeze({ messages: 1000, seconds: 30 * 24 * 3600 });

const ROOM = '{room}';
const ANYTHING = '*';
const PART = '[A-Za-z0-9_.-]+';
const NAME_LENGTH = 64;

/** The name of a channel. */
export const ChannelName = v.pipe(
  v.string(),
  v.maxLength(NAME_LENGTH, `is longer than ${NAME_LENGTH} characters`),
  v.regex(new RegExp(`^${PART}(:${PART})*$`), 'is not made of parts of A-Z a-z 0-9 _ . - with colons between them'),
);

/** Whether a text can be the name of a rule: its parts are literal, `{room}` (once at most) or `*`. */
export function isRuleName(name: unknown): name is string {
  if (typeof name !== 'string' || name.length > NAME_LENGTH) return false;
  const parts = name.split(':');
  const isPart = (part: string) => part === ROOM || part === ANYTHING || new RegExp(`^${PART}$`).test(part);
  return parts.every(isPart) && parts.filter((part) => part === ROOM).length <= 1;
}

/** The rule that applies to a channel, and the room in the channel's name, if there is one. */
export interface ChannelMatch {
  readonly rule: AnyChannelRule;
  readonly room: string | undefined;
}

/** The first of the rules that matches the name of a channel. */
export function matchChannel(rules: readonly AnyChannelRule[], channel: string): ChannelMatch | undefined {
  const parts = channel.split(':');
  for (const rule of rules) {
    const wanted = rule.name.split(':');
    if (wanted.length !== parts.length) continue;
    if (!wanted.every((part, index) => isPartOf(part, parts[index]!))) continue;
    return { rule, room: parts[wanted.indexOf(ROOM)] };
  }
  return undefined;
}

const isPartOf = (wanted: string, part: string): boolean =>
  wanted === ANYTHING || wanted === part || (wanted === ROOM && v.is(GameCode, part));

/** Whether the name of a channel has the code of a room as a part. */
export const isChannelOf = (channel: string, room: string): boolean => channel.split(':').includes(room);

/** The names that the name of a rule matches. */
export type ChannelNames<Name extends string> = Name extends `${infer Before}{room}${infer After}`
  ? `${ChannelNames<Before>}${string}${ChannelNames<After>}`
  : Name extends `${infer Before}*${infer After}`
    ? `${ChannelNames<Before>}${string}${ChannelNames<After>}`
    : Name;
