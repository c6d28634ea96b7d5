import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Done, Step } from './step.ts';

const PROGRAM = path.join(import.meta.dirname, 'rotation-worker-process.ts');

export type Answer = { done: Done } | { failed: string };

/** Rotates in a separate process: keys and signatures must not delay the players, whose moves are timed. */
export class RotationWorker {
  readonly #process: ChildProcess;
  readonly #ready: Promise<unknown>;

  constructor(directory: string) {
    this.#process = fork(PROGRAM, [directory], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.#ready = this.#next();
    this.#ready.catch(() => undefined);
  }

  /** Resolves when it has loaded its code. */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /** One at a time. @throws with the authority's error as a sentence */
  async do(step: Step): Promise<Done> {
    const next = this.#next();
    this.#process.send(step);
    const answer = (await next) as Answer;
    if ('failed' in answer) throw new Error(answer.failed);
    return answer.done;
  }

  async #next(): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    const gone = once(this.#process, 'exit', { signal }).then(([code]) => {
      throw new Error(`The process that rotates ended with ${code}.`);
    });
    gone.catch(() => undefined);
    try {
      const [message] = (await Promise.race([once(this.#process, 'message', { signal }), gone])) as [unknown];
      return message;
    } finally {
      over.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await gone;
  }
}
