import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { KeyFile } from './issuer-settings.ts';

/** How often keys are fetched again, so that a withdrawn key is not accepted for longer. */
const REFRESH_MS = 10 * 60_000;
/** Tokens with unknown keys make no more requests to the issuer than one in this time. */
const COOLDOWN_MS = 10_000;
/** While there are no keys at all. */
const RETRY_MS = 1000;
const TIMEOUT_MS = 5000;
const MOST_BYTES = 256 * 1024;

/** A token cannot be verified now, because the keys of its issuer were never read. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** Where the public keys of an issuer come from. */
export interface IssuerKeys {
  /** The key for a token; rejects with what `jose` throws, or with `KeysUnavailable`. */
  readonly find: JWTVerifyGetKey;
  stop(): void;
}

/** Keys that stay as they are. */
export function fixedKeys({ jwks, isNamed }: KeyFile): IssuerKeys {
  const set = createLocalJWKSet(jwks);
  const find: JWTVerifyGetKey = ({ kid, ...header }, token) =>
    set(isNamed && kid !== undefined ? { kid, ...header } : header, token);
  return { find, stop: () => undefined };
}

export interface RemoteKeysOptions {
  readonly url: URL;
  /** Takes the sentence when the keys cannot be read, once until they can be again. */
  readonly onFailure: (sentence: string) => void;
  readonly refreshMs?: number;
  readonly cooldownMs?: number;
  readonly retryMs?: number;
}

/**
 * Keys at a URL. They are read at the start, from time to time, and when a token names an unknown key. The last keys
 * are kept while the URL does not answer.
 */
export class RemoteKeys implements IssuerKeys {
  readonly #url: URL;
  readonly #onFailure: (sentence: string) => void;
  readonly #cooldownMs: number;
  readonly #retryMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #stopped = new AbortController();
  #set: ReturnType<typeof createLocalJWKSet> | undefined;
  #askedAt = -Infinity;
  #pending: Promise<void> | undefined;
  #hasFailed = false;

  constructor({ url, onFailure, refreshMs, cooldownMs, retryMs }: RemoteKeysOptions) {
    this.#url = url;
    this.#onFailure = onFailure;
    this.#cooldownMs = cooldownMs ?? COOLDOWN_MS;
    this.#retryMs = retryMs ?? RETRY_MS;
    this.#timer = setInterval(() => void this.#refresh(), refreshMs ?? REFRESH_MS).unref();
    void this.#refresh();
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.#set) await this.#refreshAfter(this.#retryMs);
    if (!this.#set) throw new KeysUnavailable('The keys of the issuer cannot be read now.');
    try {
      return await this.#set(header, token);
    } catch (error) {
      // The issuer may have a new key.
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#refreshAfter(this.#cooldownMs))) throw error;
      return this.#set(header, token);
    }
  };

  stop(): void {
    clearInterval(this.#timer);
    this.#stopped.abort();
  }

  /** Reads the keys, unless they were asked for within `ms`; true when that was done or was under way. */
  async #refreshAfter(ms: number): Promise<boolean> {
    if (!this.#pending && performance.now() - this.#askedAt < ms) return false;
    await this.#refresh();
    return true;
  }

  #refresh(): Promise<void> {
    this.#pending ??= this.#read().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #read(): Promise<void> {
    this.#askedAt = performance.now();
    try {
      this.#set = createLocalJWKSet(await this.#fetch());
      this.#hasFailed = false;
    } catch (error) {
      if (this.#hasFailed || this.#stopped.signal.aborted) return;
      this.#hasFailed = true;
      const kept = this.#set ? 'those that were read before stay in use' : 'tokens of the issuer cannot be checked';
      this.#onFailure(`The keys at ${this.#url.href} cannot be read (${reasonOf(error)}); ${kept}.`);
    }
  }

  async #fetch(): Promise<JSONWebKeySet> {
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#stopped.signal]);
    // After a redirect, nothing would prove whose keys they are.
    const response = await fetch(this.#url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (response.status !== 200) throw new Error(`it answered ${response.status}`);
    let text = '';
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.length > MOST_BYTES) throw new Error(`it answered more than ${MOST_BYTES} bytes`);
    }
    return JSON.parse(text) as JSONWebKeySet;
  }
}

/** `fetch` puts what happened into the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
