import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import type { AttackContext, AttackReport } from './attack.ts';
import type { AttackName } from './attacks.ts';

const PROGRAM = path.join(import.meta.dirname, 'attacker-process.ts');
/** An attack that takes this long beyond its time hangs. */
const GRACE_MS = 60_000;

export type AttackPlace = Omit<AttackContext, 'begin' | 'held'>;
export type AttackRequest = { name: AttackName; ms: number; place: AttackPlace } | { letGo: true };
export type AttackResponse = AttackReport | { begun: true } | { failed: string };

/** Attacks from a separate process, at a low priority. */
export class Attacker {
  readonly #process: ChildProcess;
  readonly #ended: Promise<never>;

  /** `priority` as of nice(1): a real attacker has its own machine and takes no core from the cluster and its players. */
  constructor(priority = 19) {
    this.#process = fork(PROGRAM, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.#ended = once(this.#process, 'exit').then(() => Promise.reject(new Error('The attacker ended.')));
    this.#ended.catch(() => undefined);
    if (this.#process.pid !== undefined) os.setPriority(this.#process.pid, priority);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Prepares the attack, and attacks for this long. @throws with the reason when it could not be mounted */
  run(name: AttackName, ms: number, place: AttackPlace, begun: () => void): Promise<AttackReport> {
    return this.#ask({ name, ms, place }, ms + GRACE_MS, begun);
  }

  /** Closes what the attacks have left open. */
  async letGo(): Promise<void> {
    await this.#ask({ letGo: true }, GRACE_MS);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  async #ask(request: AttackRequest, withinMs: number, begun: () => void = () => undefined): Promise<AttackReport> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(withinMs)]);
    const answers = on(this.#process, 'message', { signal });
    this.#process.send(request);
    try {
      for (;;) {
        const { value } = await Promise.race([answers.next(), this.#ended]);
        const [answer] = value as [AttackResponse];
        if ('failed' in answer) throw new Error(`The attack failed: ${answer.failed}`);
        if (!('begun' in answer)) return answer;
        begun();
      }
    } finally {
      over.abort();
    }
  }
}
