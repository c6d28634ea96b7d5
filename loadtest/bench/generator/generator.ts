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

/** The process that makes the load, as seen by the measuring process. */
export class Generator {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  constructor() {
    this.#process = fork(path.join(import.meta.dirname, 'generator-process.ts'), {
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A measurement without samples is NaN, which JSON does not have.
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

  /** Sends a request. `onWindow` is called when a measurement begins and ends. */
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

/** The requests to the generator, with their arguments and answers. */
export interface Calls {
  /** A crowd without sockets. */
  gather: { args: [options: ThinCrowdOptions]; answer: void };
  connect: { args: [from: number, to: number]; answer: void };
  /** Seats only this many players, those with the first sockets. */
  seat: { args: [where: 'apart' | 'together', players: number]; answer: void };
  listen: { args: []; answer: void };
  play: { args: [load: Load]; answer: Measured };
  say: { args: [load: Load]; answer: Measured };
  /** Plays on until `endFailover`. Only this many groups stay. */
  beginFailover: { args: [groups: number, rate: number]; answer: void };
  /** Waits until this many players, all those of the lost replica, are back, and then a while longer. */
  endFailover: { args: [affected: number]; answer: { measured: Measured; absences: Absence[] } };
  /** The number of players on each replica. */
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
