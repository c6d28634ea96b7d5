import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The key of a backend, and its name in logs and metrics. */
export interface ApiKey {
  readonly name: string;
  readonly digest: Buffer;
}

/** The fault of a file of keys, as the end of a sentence. It never repeats a key. */
export class ApiKeysError extends Error {
  override readonly name = 'ApiKeysError';
}

/** Tells the edge that a backend sent a valid key, so that refusals by the rules do not count against its address. */
export const BACKEND_HEADER = 'gridlock-backend';

const NAME = /^[A-Za-z0-9_-]{1,32}$/;
/** As in an `Authorization` header. */
const KEY = /^[A-Za-z0-9._~+/=-]+$/;
const SHORTEST = 32;
const LONGEST = 256;
const MOST_KEYS = 256;
/** How often the file is read, in milliseconds. Polling works however a file is replaced, even through a link. */
const POLL_MS = 1000;

const digestOf = (key: string): Buffer => hash('sha256', key, 'buffer');

/**
 * Keys from the text of a file: one `name:key` per line. Empty lines and lines that begin with `#` are skipped. A name
 * may have several keys, for example during a replacement.
 * @throws ApiKeysError
 */
export function parseApiKeys(text: string): readonly ApiKey[] {
  const keys: ApiKey[] = [];
  const seen = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const where = `line ${index + 1}`;
    const colon = entry.indexOf(':');
    const [name, key] = [entry.slice(0, Math.max(colon, 0)).trim(), entry.slice(colon + 1).trim()];
    if (!NAME.test(name))
      throw new ApiKeysError(`${where} does not begin with a name of 1 to 32 of A-Z a-z 0-9 _ - and a colon`);
    if (key.length < SHORTEST || key.length > LONGEST || !KEY.test(key))
      throw new ApiKeysError(`${where} does not have a key of ${SHORTEST} to ${LONGEST} of A-Z a-z 0-9 . _ ~ + / = -`);
    const digest = digestOf(key);
    const text64 = digest.toString('base64');
    if (seen.has(text64)) throw new ApiKeysError(`${where} has the same key as an earlier line`);
    seen.add(text64);
    keys.push({ name, digest });
  }
  if (keys.length === 0) throw new ApiKeysError('it has no line of the form name:key');
  if (keys.length > MOST_KEYS) throw new ApiKeysError(`it has more than ${MOST_KEYS} keys`);
  return keys;
}

export interface ApiKeysOptions {
  readonly file: string;
  /** Called with the names when the keys have changed. */
  readonly onChange?: (names: readonly string[]) => void;
  /** Called with a sentence when the file has changed and cannot be used. The earlier keys stay valid. */
  readonly onFailure?: (sentence: string) => void;
  readonly pollMs?: number;
}

/** The keys of backends in a file, which is read again when it changes. */
export class ApiKeys {
  readonly #options: ApiKeysOptions;
  #keys: readonly ApiKey[];
  #text: string;
  /** The last sentence that was reported about the file. */
  #failure: string | undefined;
  readonly #timer: NodeJS.Timeout;

  /** @throws ApiKeysError, or the error of reading the file */
  constructor(options: ApiKeysOptions) {
    const { file, pollMs = POLL_MS } = options;
    this.#options = options;
    this.#text = readFileSync(file, 'utf8');
    this.#keys = parseApiKeys(this.#text);
    this.#timer = setInterval(() => void this.#reread(), pollMs).unref();
  }

  get names(): readonly string[] {
    return [...new Set(this.#keys.map(({ name }) => name))].sort();
  }

  /** The name of the backend whose key this is. Takes as long for any key that is shown. */
  nameOf(shown: string): string | undefined {
    const digest = digestOf(shown);
    let found: string | undefined;
    for (const key of this.#keys) if (timingSafeEqual(key.digest, digest)) found = key.name;
    return found;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #reread(): Promise<void> {
    const { file, onChange, onFailure } = this.#options;
    try {
      const text = await readFile(file, 'utf8');
      if (text !== this.#text) {
        this.#keys = parseApiKeys(text);
        this.#text = text;
        onChange?.(this.names);
      }
      this.#failure = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#failure) onFailure?.(`The API keys in ${file} stay as they were: ${message}.`);
      this.#failure = message;
    }
  }
}
