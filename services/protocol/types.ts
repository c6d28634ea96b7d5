import * as v from 'valibot';

/** Letters and digits that are hard to confuse when a code is read aloud. */
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

export const PlayerRef = v.object({ id: PlayerId, name: v.string() });
export type PlayerRef = v.InferOutput<typeof PlayerRef>;
