import { type ProcessSpec, SupervisedProcess } from './process.ts';
import type { Child } from './state-dir.ts';

export interface GroupObserver {
  /** The set of running children has changed. */
  changed(children: readonly Child[]): void;
  /** One ended by itself. True lets it be restarted after `delayMs`. */
  ended(name: string, reason: string, delayMs: number): boolean;
  /** It was spawned again. */
  restarted(name: string): void;
}

/** The supervised processes of one system, by name. */
export class ProcessGroup {
  #processes = new Map<string, SupervisedProcess>();
  #observer: GroupObserver;

  constructor(observer: GroupObserver) {
    this.#observer = observer;
  }

  launch(spec: ProcessSpec): void {
    const { name } = spec;
    const process = new SupervisedProcess(spec, {
      changed: () => this.#observer.changed(this.#children()),
      ended: (_, reason, delayMs) => this.#observer.ended(name, reason, delayMs),
      restarted: () => this.#observer.restarted(name),
    });
    this.#processes.set(name, process);
    process.start();
  }

  get(name: string): SupervisedProcess | undefined {
    return this.#processes.get(name);
  }

  #children(): Child[] {
    return [...this.#processes.values()].map(({ record }) => record).filter((record) => record !== undefined);
  }

  /** Ends one for good; see `SupervisedProcess.stop`. */
  async end(name: string, ...steps: { signal: NodeJS.Signals; graceMs: number }[]): Promise<void> {
    await this.#processes.get(name)?.stop(steps);
  }

  /** Ends all at once and for good. */
  kill(): void {
    for (const process of this.#processes.values()) process.kill();
  }
}
