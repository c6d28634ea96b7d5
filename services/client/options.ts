import { type AnyRoomType, TRANSPORTS, type Transport } from '../protocol/index.ts';

/** Times are milliseconds. */
export interface ClientOptions<Room extends AnyRoomType = AnyRoomType> {
  /**
   * The rules of the rooms, as the server has them: the client folds events with them, and takes its types from them.
   * Without a room type, events come as they are and the state of a room is that of its newest snapshot.
   */
  readonly room?: Room | undefined;
  /** The player's name; the server invents one where it is left out. */
  readonly name?: string | undefined;
  /**
   * Returns the JWT of a signed-in user, who then plays instead of a guest. Called each time a session is made or
   * renewed, before the old one ends. Return a JWT that remains valid for some time. When it rejects, it is called
   * again later. Only `createClient` uses it: your own platform exchanges the JWT in `createSession`.
   */
  readonly token?: (() => Promise<string> | string) | undefined;
  /** Distinguishes the guests of a browser: 1 to 16 letters and digits. Saved, so that a reload keeps it. */
  readonly slot?: string | undefined;
  /** The time within which session, socket and welcome must arrive. */
  readonly connectTimeoutMs: number;
  /** From the call until the promise rejects with `timeout`. */
  readonly requestTimeoutMs: number;
  /** How long a request may wait for a connection before it rejects with `queue_expired`. */
  readonly queueMaxAgeMs: number;
  /** Requests that may wait for their answer; one more rejects with `queue_full`. */
  readonly queueLimit: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** A connection that lasted this long counts as stable: the next back-off starts small again. */
  readonly stableAfterMs: number;
  /** The transports in order of preference: the next one is tried when one fails. */
  readonly transports: readonly Transport[];
  /**
   * Names the game in the socket's address and moves the socket on join, for the stateful design. By default, the
   * server decides.
   */
  readonly routeByGame?: boolean | undefined;
}

export const DEFAULT_OPTIONS: ClientOptions = Object.freeze({
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  queueMaxAgeMs: 10_000,
  queueLimit: 64,
  backoffBaseMs: 250,
  backoffCapMs: 10_000,
  stableAfterMs: 10_000,
  transports: TRANSPORTS,
});
