import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { counter } from '../../apps/counter/counter.ts';
import type { AnyRoomType } from '../../protocol/index.ts';

/** An application with a channel in which nobody but a backend publishes. */
export const newsApp: AnyRoomType = {
  ...counter,
  channels: [
    {
      name: 'news:*',
      data: v.strictObject({ text: v.pipe(v.string(), v.maxLength(20)) }),
      subscribe: 'everyone',
      publish: 'nobody',
      history: { messages: 5, seconds: 60 },
      presence: false,
    },
  ],
};

/** A key as a person makes one. */
export const newKey = (): string => randomBytes(24).toString('base64url');

/** A file of keys that is removed at the end. */
export class KeysFile {
  readonly path: string;
  readonly #directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-keys-'));

  constructor(...lines: readonly string[]) {
    this.path = path.join(this.#directory, 'keys.txt');
    this.write(...lines);
  }

  write(...lines: readonly string[]): void {
    // Whole at once: the replica may read it at any moment.
    writeFileSync(`${this.path}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where there is none. */
  readonly body: any;
}

export interface ApiCall {
  readonly body?: unknown;
  /** The header `Idempotency-Key`. */
  readonly id?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A backend with a key, or without one. */
export class Backend {
  readonly #url: string;
  readonly #key: string | undefined;
  readonly #request: typeof fetch;

  /** `request` is another `fetch` where a certificate has to be trusted. */
  constructor(url: string, key?: string, request: typeof fetch = fetch) {
    [this.#url, this.#key, this.#request] = [url, key, request];
  }

  async call(method: string, place: string, { body, id, headers = {} }: ApiCall = {}): Promise<ApiAnswer> {
    const response = await this.#request(`${this.#url}/api/v1${place}`, {
      method,
      headers: {
        ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(id === undefined ? {} : { 'idempotency-key': id }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? undefined : (JSON.parse(text) as unknown);
    return { status: response.status, headers: response.headers, body: answer };
  }

  get(place: string): Promise<ApiAnswer> {
    return this.call('GET', place);
  }

  post(place: string, body: unknown, id?: string): Promise<ApiAnswer> {
    return this.call('POST', place, { body, ...(id === undefined ? {} : { id }) });
  }
}
