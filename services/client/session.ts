import * as v from 'valibot';
import { SessionAnswer, type SessionEnd, type SessionRequestInput } from '../protocol/index.ts';
import { GridlockError } from './errors.ts';
import type { Platform, SessionCall } from './platform.ts';

/** A token is renewed this long before it expires, in milliseconds; one that lives shortly a part of its life before. */
const RENEW_BEFORE = 60_000;
const RENEW_PART = 0.1;

/** Who the player is, and the proof of it. */
export class Session {
  readonly #platform: Platform;
  #slot: string;
  #name: string | undefined;
  #nameSettled = false;
  #answer: SessionAnswer | undefined;
  #renewBefore = RENEW_BEFORE;
  /** Counts the requests: what an older one is answered is of no use any more. */
  #asked = 0;

  constructor(platform: Platform, slot: string, saved: SessionAnswer | undefined) {
    this.#platform = platform;
    this.#slot = slot;
    this.#answer = saved;
  }

  /** Which of the browser's guests this is. */
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

  /** Makes a session, or renews the one there is; gives what proves it on a socket that is open. */
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

  /** Ends the session on the server, so that nothing shows it any more; the next one is another guest's. */
  async end(): Promise<void> {
    this.#asked += 1;
    const token = this.#answer?.token;
    const known = this.#answer !== undefined;
    if (known) await this.#platform.endSession?.({ slot: this.slot, name: this.#name, token });
    this.#answer = undefined;
    this.#nameSettled = false;
  }
}

/** Body of `POST /api/session`. */
export function sessionBody(call: SessionCall, transport: 'bearer' | 'cookie'): string {
  const { slot, name } = call;
  return JSON.stringify({ transport, slot, ...(name === undefined ? {} : { name }) } satisfies SessionRequestInput);
}

/** Body of `DELETE /api/session`. */
export const sessionEndBody = ({ slot }: SessionCall): string => JSON.stringify({ slot } satisfies SessionEnd);

/** Reads the answer to that. A session that is over already has ended, too. */
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
  throw new GridlockError('session_unavailable', 'The answer to the request for a session is not of this protocol.');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
