import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Absence, ThinCrowdOptions } from './thin-crowd.ts';
import type { Load, Measured } from './workload.ts';

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  onWindow: ((edge: 'begin' | 'end') => void) | undefined;
}

/** The process that makes the load, as the one who measures sees it. */
export class Generator {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  constructor() {
    this.#process = fork(path.join(import.meta.dirname, 'generator-process.ts'), {
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A measurement of nothing is NaN, which JSON does not know.
      serialization: 'advanced',
    });
    this.#process.on('message', (response: Response) => this.#take(response));
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The generator ended with ${code ?? signal}.`));
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Asks for something; `onWindow` is told when a measurement begins and ends. */
  call<Name extends CallName>(
    name: Name,
    args: Calls[Name]['args'],
    onWindow?: (edge: 'begin' | 'end') => void,
  ): Promise<Calls[Name]['answer']> {
    const id = (this.#calls += 1);
    if (!this.#process.connected) return Promise.reject(new Error('The generator has ended.'));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (answer) => resolve(answer as Calls[Name]['answer']), reject, onWindow });
      this.#process.send({ id, name, args });
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  #take(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    if (!waiting) return;
    if ('window' in response) return waiting.onWindow?.(response.window);
    this.#waiting.delete(response.id);
    if ('error' in response) waiting.reject(new Error(response.error));
    else waiting.resolve(response.answer);
  }
}

/** What the generator can be asked for, with its arguments and its answer. */
export interface Calls {
  /** A crowd without sockets. */
  gather: { args: [options: ThinCrowdOptions]; answer: void };
  connect: { args: [from: number, to: number]; answer: void };
  /** Only so many players, those with the first sockets. */
  seat: { args: [where: 'apart' | 'together', players: number]; answer: void };
  listen: { args: []; answer: void };
  play: { args: [load: Load]; answer: Measured };
  say: { args: [load: Load]; answer: Measured };
  /** Plays on until `endFailover`. Only so many groups stay. */
  beginFailover: { args: [groups: number, rate: number]; answer: void };
  /** Waits until everybody of the replica that is gone, so many, is back, and then a while. */
  endFailover: { args: [affected: number]; answer: { measured: Measured; absences: Absence[] } };
  /** How many players each replica has. */
  replicas: { args: []; answer: Record<string, number> };
  problems: { args: []; answer: Record<string, number> };
  disperse: { args: []; answer: void };
}
export type CallName = keyof Calls;

export type Request = { [Name in CallName]: { id: number; name: Name; args: Calls[Name]['args'] } }[CallName];
export type Response =
  | { id: number; answer: unknown }
  | { id: number; error: string }
  | { id: number; window: 'begin' | 'end' };
