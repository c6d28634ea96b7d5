import { UsageError } from '../kit/options.ts';
import type { Closes, RotationStep, Target } from './target.ts';

export interface Mark {
  /** Second of the run. */
  readonly at: number;
  readonly text: string;
  /** It struck then: its name, and which sockets it may close. */
  readonly fault?: { readonly name: string; readonly closes: Closes };
  /** Of a fault: the cluster was whole again. */
  readonly mended?: string;
}

/** Does things to the cluster while k6 plays, and writes down when. */
export class Disturber {
  readonly marks: Mark[] = [];
  readonly #target: Target;
  readonly #report: (line: string) => void;
  readonly #over: AbortSignal;
  #startedAt = Date.now();

  constructor(target: Target, report: (line: string) => void, over: AbortSignal) {
    this.#target = target;
    this.#report = report;
    this.#over = over;
  }

  /** Seconds count from when the players began, which is told later. */
  begin(startedAt: number): void {
    this.#startedAt = startedAt;
  }

  /** Of this target, in the order in which they are to strike. */
  get faults(): string[] {
    return Object.keys(this.#target.faults);
  }

  /** Resolves at a second of the run; rejects when the run ends before. */
  at(second: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(new UsageError('The run ended early.'));
      if (this.#over.aborted) return stop();
      const timer = setTimeout(
        () => {
          this.#over.removeEventListener('abort', end);
          resolve();
        },
        Math.max(0, this.#startedAt + second * 1000 - Date.now()),
      );
      const end = () => {
        clearTimeout(timer);
        stop();
      };
      this.#over.addEventListener('abort', end, { once: true });
    });
  }

  async strike(fault: string): Promise<void> {
    const { strike, closes } = this.#target.faults[fault]!;
    this.#mark(`${fault} killed`, { fault: { name: fault, closes } });
    this.#mark(await strike(), { mended: fault });
  }

  async rollOut(): Promise<void> {
    if (!this.#target.rollOut) throw new UsageError('This target has no replicas that could be replaced from here.');
    this.#mark('rollout begins');
    this.#mark(await this.#target.rollOut((text) => this.#mark(text)));
  }

  async rotate(step: RotationStep): Promise<void> {
    if (!this.#target.rotate) throw new UsageError('This target has no certificates that could be rotated from here.');
    const told = await this.#target.rotate(step);
    if (step !== 'accept') this.#mark(`rotated: ${told}`);
  }

  #mark(text: string, more: Pick<Mark, 'fault' | 'mended'> = {}): void {
    const at = Math.max(0, (Date.now() - this.#startedAt) / 1000);
    this.marks.push({ at: Math.round(at * 10) / 10, text, ...more });
    this.#report(text);
  }
}
