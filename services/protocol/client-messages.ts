import * as v from 'valibot';
import { ChannelName } from './channel-rule.ts';
import { LIMITS } from './limits.ts';
import type { AnyCommand } from './room-type.ts';
import { Epoch, GameCode, Seq } from './types.ts';

/** Names the request and makes it idempotent: a repeat with the same id is applied once. */
export const RequestId = v.pipe(
  v.string(),
  v.regex(new RegExp(`^[A-Za-z0-9_-]{1,${LIMITS.idLength}}$`), 'is not 1 to 64 characters of A-Z a-z 0-9 _ -'),
);

// Control characters would let a player rewrite the terminal or page of another player. Two format characters are
// allowed: U+200D joins emoji, and U+200C separates parts of Persian words.
const CONTROLS = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;
const ALL_CONTROLS = new RegExp(CONTROLS, 'gu');
// Characters that show nothing: spaces, fillers such as U+3164, joiners, variation selectors, the empty Braille cell,
// and marks without a letter.
const NOTHING_TO_SEE = /^[\s\p{Default_Ignorable_Code_Point}\p{M}\u2800]*$/u;

/** Characters, not UTF-16 units, so that an emoji counts once. */
const length = (text: string) => [...text].length;

/** Visible text without control characters, of at most `max` characters. */
export const plainText = (max: number) =>
  v.pipe(
    v.string(),
    v.transform((text) => text.trim().normalize('NFC')),
    v.check((text) => !NOTHING_TO_SEE.test(text), 'is empty'),
    v.check((text) => length(text) <= max, `is longer than ${max} characters`),
    v.check((text) => !CONTROLS.test(text), 'has control characters'),
  );

/** Typed or pasted text without the characters that `plainText` refuses. The result may be empty. */
export const toPlainText = (typed: string): string => {
  const text = typed.replace(/\s+/gu, ' ').replace(ALL_CONTROLS, '').trim().normalize('NFC');
  return NOTHING_TO_SEE.test(text) ? '' : text;
};

export const PlayerName = plainText(LIMITS.nameLength);

/** A signed token as `POST /api/session` gives it. */
const Token = v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,2048}$/, 'is not a token'));

const Ping = v.strictObject({ type: v.literal('ping'), t: v.pipe(v.number(), v.finite()) });
/** Every other field is a setting of the room, as defined by the schema of its room type. */
export const Create = v.looseObject({ type: v.literal('create'), id: RequestId });
export const Join = v.strictObject({ type: v.literal('join'), id: RequestId, game: GameCode });
const Match = v.looseObject({ type: v.literal('match'), id: RequestId });
export const Leave = v.strictObject({ type: v.literal('leave'), id: RequestId, game: GameCode });
export const Resume = v.strictObject({
  type: v.literal('resume'),
  id: RequestId,
  game: GameCode,
  epoch: Epoch,
  seq: Seq,
});
/** Follows a game that lets others watch; with `epoch` and `seq` the events continue from there, as with `resume`. */
export const Watch = v.strictObject({
  type: v.literal('watch'),
  id: RequestId,
  game: GameCode,
  epoch: v.optional(Epoch),
  seq: v.optional(Seq),
});
/** The rule of the channel defines `data`. */
export const Publish = v.strictObject({
  type: v.literal('publish'),
  id: RequestId,
  channel: ChannelName,
  data: v.unknown(),
});
export const Subscribe = v.strictObject({
  type: v.literal('subscribe'),
  id: RequestId,
  channel: ChannelName,
  epoch: v.optional(Epoch),
  after: v.optional(Seq),
});
const Unsubscribe = v.strictObject({ type: v.literal('unsubscribe'), id: RequestId, channel: ChannelName });
/** `token` is the player's new token. If a cookie carries the token, it is the ticket that came with the cookie. */
const Refresh = v.strictObject({ type: v.literal('refresh'), id: RequestId, token: Token });

export const KernelMessage = v.variant('type', [
  Ping,
  Create,
  Join,
  Match,
  Leave,
  Resume,
  Publish,
  Subscribe,
  Unsubscribe,
  Watch,
  Refresh,
]);
export type KernelMessage = v.InferOutput<typeof KernelMessage>;

/** The kind of an application's command, which is the `type` of its message. */
export const CommandKind = v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9_-]{0,31}$/, 'is not the kind of a command'));
/** A message of any other type, with the code of a room: a command of the room's application, whose fields are its own. */
export const Command = v.looseObject({ type: CommandKind, id: RequestId, game: GameCode });

/** A decoded message: an application's command is separate from the kernel's own fields. */
export type ClientMessage =
  | KernelMessage
  | { readonly type: 'command'; readonly id: string; readonly game: string; readonly command: AnyCommand };

/** A message as a client writes it: fields with a default may be left out. */
export type ClientMessageInput = v.InferInput<typeof KernelMessage> | CommandInput;
export type CommandInput = v.InferInput<typeof Command>;
/** The messages that are answered by `ack` or `error`: all but `ping`. */
export type Request = KernelRequest | CommandInput;
export type KernelRequest = Exclude<v.InferInput<typeof KernelMessage>, { type: 'ping' }>;

export const CLIENT_MESSAGE_TYPES: ReadonlySet<string> = new Set<KernelMessage['type']>([
  'ping',
  'create',
  'join',
  'match',
  'leave',
  'resume',
  'publish',
  'subscribe',
  'unsubscribe',
  'watch',
  'refresh',
]);
