import * as v from 'valibot';
import { PlayerName } from './client-messages.ts';
import { PlayerRef, Timestamp } from './types.ts';

/** Distinguishes the guests of a browser: each tab can have one, so that two tabs can be two players. */
export const Slot = v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{1,16}$/, 'is not 1 to 16 letters and digits'));

/**
 * Numbers the attempts of a client to connect, as `<client>.<number>` in the address. An abandoned attempt may still
 * arrive, and must not replace the newer one.
 */
export const Attempt = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9]{8,16}\.[0-9]{1,15}$/, 'is not 8 to 16 letters and digits, a dot and a number'),
);

/** Body of `POST /api/session`. */
export const SessionRequest = v.strictObject({
  name: v.optional(PlayerName),
  /** `bearer` returns the token for a program to send; `cookie` keeps it where scripts of the page cannot read it. */
  transport: v.optional(v.picklist(['bearer', 'cookie']), 'bearer'),
  slot: v.optional(Slot, '0'),
});
export type SessionRequest = v.InferOutput<typeof SessionRequest>;
export type SessionRequestInput = v.InferInput<typeof SessionRequest>;

/** Body of `DELETE /api/session`, which ends the session of the token or cookie in the request. */
export const SessionEnd = v.strictObject({ slot: v.optional(Slot, '0') });
export type SessionEnd = v.InferOutput<typeof SessionEnd>;

/** Answer of `POST /api/session`. */
export const SessionAnswer = v.object({
  player: PlayerRef,
  expiresAt: Timestamp,
  token: v.optional(v.string()),
  /** Comes with a cookie, and proves on an open socket that the cookie was renewed. Valid for a minute. */
  ticket: v.optional(v.string()),
});
export type SessionAnswer = v.InferOutput<typeof SessionAnswer>;

export const SESSION_PATH = '/api/session';

/** Answers `GET` with `{"origin"}`, the public origin of the cluster. Links for other people begin with it. */
export const ADDRESS_PATH = '/api/address';
export const SOCKET_PATH = '/ws';
/** `__Host-` makes browsers insist on Secure, Path=/ and no Domain. */
export const sessionCookie = (slot: string): string => `__Host-gridlock-${slot}`;
