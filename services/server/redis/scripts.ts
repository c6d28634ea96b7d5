import { readFileSync } from 'node:fs';
import type { Tick } from '../transport/tick.ts';
import type { Store } from './connect.ts';

type Argument = string | number;

/** Runs one script inside Redis: keys first, then arguments. */
export type Script = (keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;

const read = (file: URL): string => readFileSync(file, 'utf8');

/**
 * Makes a script of the files, joined in order, known to the client. It is sent whole once, then by its
 * digest.
 */
export function defineScript(redis: Store, name: string, files: readonly URL[]): Script {
  redis.defineCommand(name, { lua: files.map(read).join('\n') });
  const command = (redis as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>)[name];
  return (keys, args) => command!.call(redis, keys.length, ...keys, ...args);
}

/** Replies of one script to many requests, in their order. */
export type ManyScript<Reply> = (keys: readonly string[], args: readonly Argument[]) => Promise<readonly Reply[]>;

interface Request<Reply> {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

export interface BatchOptions<Reply> {
  readonly script: ManyScript<Reply>;
  readonly tick: Pick<Tick, 'atEnd'>;
  /** Requests that one script takes at most: nothing else is done by Redis meanwhile. */
  readonly most: number;
}

/**
 * Lets one script carry out the requests that came together: a command has a price of its own, here and in Redis,
 * which is more than that of a request in it. All of them have the same number of keys.
 */
export class Batch<Reply> {
  readonly #options: BatchOptions<Reply>;
  #waiting: Request<Reply>[] = [];

  constructor(options: BatchOptions<Reply>) {
    this.#options = options;
  }

  /** Rejects when the script as a whole fails. */
  run(keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keys, args, resolve, reject });
      if (this.#waiting.length === 1) this.#options.tick.atEnd('commands', () => this.#leave());
    });
  }

  #leave(): void {
    const { most } = this.#options;
    const requests = this.#waiting;
    this.#waiting = [];
    for (let first = 0; first < requests.length; first += most) void this.#send(requests.slice(first, first + most));
  }

  async #send(requests: readonly Request<Reply>[]): Promise<void> {
    const keys: string[] = [];
    const [first] = requests;
    const args: Argument[] = [first!.keys.length];
    for (const request of requests) {
      keys.push(...request.keys);
      args.push(request.args.length, ...request.args);
    }
    try {
      const replies = await this.#options.script(keys, args);
      requests.forEach(({ resolve }, index) => resolve(replies[index]!));
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}
