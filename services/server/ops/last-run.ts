import * as v from 'valibot';
import { fieldProblem } from '../../protocol/index.ts';
import { LoadRun } from '../../protocol/operations.ts';
import type { Store } from '../redis/connect.ts';

const KEY = 'gridlock:{ops}:run';
const KEEP_SECONDS = 30 * 24 * 60 * 60;

/** Reads what a load run sends, or gives the sentence that says what is wrong with it. */
export function parseRun(text: string): LoadRun | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'The body is not JSON.';
  }
  const parsed = v.safeParse(LoadRun, value);
  return parsed.success ? parsed.output : fieldProblem(parsed.issues[0], 'the load run');
}

/** What the last load run said, for thirty days. Its calls reject when Redis does not answer. */
export class LastRun {
  readonly #redis: Pick<Store, 'get' | 'set'>;

  constructor(redis: Pick<Store, 'get' | 'set'>) {
    this.#redis = redis;
  }

  async keep(run: LoadRun): Promise<void> {
    await this.#redis.set(KEY, JSON.stringify(run), 'EX', KEEP_SECONDS);
  }

  /** Null when there was none. */
  async read(): Promise<LoadRun | null> {
    const text = await this.#redis.get(KEY);
    const run = text === null ? '' : parseRun(text);
    return typeof run === 'string' ? null : run;
  }
}
