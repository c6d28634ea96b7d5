import type { SessionAnswer } from '../protocol/index.ts';
import type { Platform } from './platform.ts';

/** A token is renewed this long before it expires, in milliseconds. */
const RENEW_BEFORE = 60_000;

/** Who the player is, and the proof of it. */
export class Session {
  readonly #platform: Platform;
  readonly slot: string;
  #name: string | undefined;
  #nameSettled = false;
  #answer: SessionAnswer | undefined;

  constructor(platform: Platform, slot: string, saved: SessionAnswer | undefined) {
    this.#platform = platform;
    this.slot = slot;
    this.#answer = saved;
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

  /** Makes or renews the session where that is needed; `serverNow` is in milliseconds. */
  async ensure(renew: boolean, serverNow: number): Promise<void> {
    const answer = this.#answer;
    const settled = this.#name === undefined || this.#nameSettled;
    if (answer && !renew && settled && answer.expiresAt - RENEW_BEFORE > serverNow) return;
    const name = this.#name;
    this.#answer = await this.#platform.createSession({ slot: this.slot, name, token: answer?.token });
    // The server may write the name in its own way: asking once is enough.
    if (name === this.#name) this.#nameSettled = true;
  }
}
