import * as v from 'valibot';
import { SessionAnswer, type SessionEnd, type SessionRequestInput } from '../protocol/index.ts';
import { GridlockError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import type { Platform, SessionCall, Store } from './platform.ts';

/** A token is renewed this many milliseconds before it expires; a short-lived token, a part of its life before. */
const RENEW_BEFORE = 60_000;
const RENEW_PART = 0.1;

/** The identity of the player, and its proof. */
export class Session {
  readonly #platform: Platform;
  #slot: string;
  #name: string | undefined;
  #nameSettled = false;
  #answer: SessionAnswer | undefined;
  #renewBefore = RENEW_BEFORE;
  /** Counts the requests: the answer to an older one is dropped. */
  #asked = 0;

  constructor(platform: Platform, slot: string, saved: SessionAnswer | undefined) {
    this.#platform = platform;
    this.#slot = slot;
    this.#answer = saved;
  }

  /** Distinguishes the guests of a browser. */
  get slot(): string {
    return this.#slot;
  }

  get answer(): SessionAnswer | undefined {
    return this.#answer;
  }

  get token(): string | undefined {
    return this.#answer?.token;
  }

  /** Asks for another name; true when that needs a new token. */
  rename(name: string): boolean {
    const wanted = name.trim().normalize('NFC');
    if (wanted === this.#name) return false;
    this.#name = wanted;
    this.#nameSettled = this.#answer?.player.name === wanted;
    return !this.#nameSettled;
  }

  /** Begins as another guest, whose session has to be made. */
  begin(slot: string): void {
    this.#asked += 1;
    this.#slot = slot;
    this.#answer = undefined;
    this.#nameSettled = false;
  }

  /** Makes or renews the session where that is needed; `serverNow` is in milliseconds. */
  async ensure(renew: boolean, serverNow: number): Promise<void> {
    const answer = this.#answer;
    const settled = this.#name === undefined || this.#nameSettled;
    if (answer && !renew && settled && answer.expiresAt - this.#renewBefore > serverNow) return;
    await this.renew(serverNow);
  }

  /** Makes a session, or renews the present one; returns its proof for an open socket. */
  async renew(serverNow: number): Promise<string | undefined> {
    const name = this.#name;
    const call = { slot: this.slot, name, token: this.#answer?.token };
    const asked = (this.#asked += 1);
    const { ticket, ...answer } = await this.#platform.createSession(call);
    if (asked !== this.#asked) return undefined;
    this.#answer = answer;
    this.#renewBefore = Math.min(RENEW_BEFORE, Math.max(0, (answer.expiresAt - serverNow) * RENEW_PART));
    // The server may write the name in its own way: asking once is enough.
    if (name === this.#name) this.#nameSettled = true;
    return ticket ?? answer.token;
  }

  /** Ends the session on the server, and forgets it; the next one is that of another guest. */
  async end(): Promise<void> {
    this.#asked += 1;
    const token = this.#answer?.token;
    const known = this.#answer !== undefined;
    if (known) await this.#platform.endSession?.({ slot: this.slot, name: this.#name, token });
    this.#answer = undefined;
    this.#nameSettled = false;
  }
}

/** A JWT may expire on the way, so a refused one is replaced; after this many refusals in a row the client stops. */
const REFUSED_TIMES = 3;

/** The JWT of a signed-in user, which is exchanged for each session. */
export class UserToken {
  readonly #get: NonNullable<ClientOptions['token']>;
  #refusals = 0;

  constructor(get: NonNullable<ClientOptions['token']>) {
    this.#get = get;
  }

  /** Makes a session with the current token. Rejects with a `GridlockError` that tells whether to try again. */
  async trade(make: (token: string) => Promise<SessionAnswer>): Promise<SessionAnswer> {
    const token = await this.#ask();
    try {
      const answer = await make(token);
      this.#refusals = 0;
      return answer;
    } catch (error) {
      const isRefused = error instanceof GridlockError && error.code === 'session_refused';
      this.#refusals = isRefused ? this.#refusals + 1 : 0;
      if (!isRefused || this.#refusals >= REFUSED_TIMES) throw error;
      throw new GridlockError('session_unavailable', error.message);
    }
  }

  async #ask(): Promise<string> {
    try {
      const token: unknown = await this.#get();
      if (typeof token === 'string' && token !== '') return token;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new GridlockError('session_unavailable', `The option token gave no JWT: ${message}`);
    }
    throw new GridlockError('session_unavailable', 'The option token gave no JWT.');
  }
}

/**
 * A store that keeps no session: after a reload the user may be a different one, and the page itself keeps the token.
 */
export function withoutSession(store: Store | undefined): Store | undefined {
  const stripped = (text: string) => {
    const { session: _, ...rest } = JSON.parse(text) as { session?: unknown };
    return JSON.stringify(rest);
  };
  return (
    store && {
      read: () => {
        const text = store.read();
        return text === undefined ? undefined : stripped(text);
      },
      write: (text) => store.write(stripped(text)),
    }
  );
}

/** Body of `POST /api/session`. */
export function sessionBody(call: SessionCall, transport: 'bearer' | 'cookie'): string {
  const { slot, name } = call;
  return JSON.stringify({ transport, slot, ...(name === undefined ? {} : { name }) } satisfies SessionRequestInput);
}

/** Body of `DELETE /api/session`. */
export const sessionEndBody = ({ slot }: SessionCall): string => JSON.stringify({ slot } satisfies SessionEnd);

/** Reads the answer to that request. It also counts as success if the session had already ended. */
export function readSessionEnd(status: number): void {
  if (status === 204 || status === 401) return;
  throw new GridlockError('session_unavailable', `The server answered ${status} to the request to end the session.`);
}

/** Reads the answer; throws a `GridlockError` that tells whether to try again. */
export function readSessionAnswer(status: number, body: string): SessionAnswer {
  const value = parse(body);
  if (status < 200 || status > 299) {
    const again = status < 400 || status === 408 || status === 425 || status === 429 || status >= 500;
    const said = (value as { message?: unknown } | undefined)?.message;
    const detail = typeof said === 'string' ? `: ${said}` : '.';
    throw new GridlockError(
      again ? 'session_unavailable' : 'session_refused',
      `The server answered ${status} to the request for a session${detail}`,
    );
  }
  const parsed = v.safeParse(SessionAnswer, value);
  if (parsed.success) return parsed.output;
  throw new GridlockError('session_unavailable', 'The answer is not of this protocol.');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
