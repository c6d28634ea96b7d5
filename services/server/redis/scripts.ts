import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command } from 'ioredis';
import type { Turn } from '../transport/turn.ts';
import type { Store } from './connect.ts';

type Argument = string | number;

/** Runs one script inside Redis: keys first, then arguments. */
export type Script = (keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;

const read = (file: URL): string => readFileSync(file, 'utf8');

/**
 * A script made of the files, joined in order. It is sent by its digest, and whole where the server does not know it yet.
 * It leaves at once: a pipeline that the client gathers waits for the answer to the one before.
 */
export function defineScript(redis: Store, files: readonly URL[]): Script {
  const lua = files.map(read).join('\n');
  const digest = hash('sha1', lua);
  const send = (name: 'eval' | 'evalsha', script: string, keys: readonly string[], args: readonly Argument[]) =>
    redis.sendCommand(new Command(name, [script, keys.length, ...keys, ...args], UTF8)) as Promise<unknown>;
  return (keys, args) =>
    send('evalsha', digest, keys, args).catch((error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return send('eval', lua, keys, args);
    });
}

const UTF8 = { replyEncoding: 'utf8' } as const;

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
  readonly turn: Pick<Turn, 'atEnd'>;
  /** Requests that one script takes at most: nothing else is done by Redis meanwhile. */
  readonly most: number;
}

/**
 * Runs requests that arrived together in one script, because a command costs more than each request in it, here and in
 * Redis. All of them have the same number of keys.
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
      if (this.#waiting.length === 1) this.#options.turn.atEnd('commands', () => this.#leave());
    });
  }

  #leave(): void {
    const { most } = this.#options;
    const requests = this.#waiting;
    this.#waiting = [];
    for (let first = 0; first < requests.length; first += most) this.#send(requests.slice(first, first + most));
  }

  #send(requests: readonly Request<Reply>[]): void {
    const keys: string[] = [];
    const [first] = requests;
    const args: Argument[] = [first!.keys.length];
    for (const request of requests) {
      keys.push(...request.keys);
      args.push(request.args.length, ...request.args);
    }
    this.#options.script(keys, args).then(
      (replies) => requests.forEach(({ resolve }, index) => resolve(replies[index]!)),
      (error) => {
        for (const { reject } of requests) reject(error);
      },
    );
  }
}
