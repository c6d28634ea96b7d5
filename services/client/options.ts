import { type AnyRoomType, TRANSPORTS, type Transport } from '../protocol/index.ts';

/** Times are milliseconds. */
export interface ClientOptions<Room extends AnyRoomType = AnyRoomType> {
  /**
   * The rules of the rooms, as the server has them: the client folds events with them, and everything is typed by them.
   * Without, events come as they are and the state of a room is that of its newest snapshot.
   */
  readonly room?: Room | undefined;
  /** The player's name; the server invents one where it is left out. */
  readonly name?: string | undefined;
  /**
   * Gives the JWT of a signed-in user, whose player this is then instead of a guest: asked each time a session is made or
   * renewed, which is before it ends. Give one that is good for a while yet. When it rejects, it is asked again later.
   * For `createClient`: a platform of your own trades it in `createSession`.
   */
  readonly token?: (() => Promise<string> | string) | undefined;
  /** Which of a browser's guests this is: 1 to 16 letters and digits. Saved, so that a reload keeps it. */
  readonly slot?: string | undefined;
  /** Session, socket and welcome must be there within. */
  readonly connectTimeoutMs: number;
  /** From the call until the promise rejects with `timeout`. */
  readonly requestTimeoutMs: number;
  /** How long a request may wait for a connection before it rejects with `queue_expired`. */
  readonly queueMaxAgeMs: number;
  /** Requests that may wait for their answer; one more rejects with `queue_full`. */
  readonly queueLimit: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** A connection that held this long counts as good: the next back-off starts small again. */
  readonly stableAfterMs: number;
  /** The ways to connect, the best first: the next one is tried where one does not work. */
  readonly transports: readonly Transport[];
  /**
   * Names the game in the socket's address and moves the socket on join, for the stateful design. What the server says
   * where it is left out.
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
