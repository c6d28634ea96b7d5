import { UsageError } from '../../infra/usage-error.ts';
import { AttackRun, type AttackStep, type Moment } from '../abuse/attack-run.ts';
import type { AttackName } from '../abuse/attacks.ts';
import type { Closes, RotationStep, Target } from './target.ts';

export interface Mark {
  /** The second of the run. */
  readonly at: number;
  readonly text: string;
  /** A fault struck: its name, and the sockets that it may close. */
  readonly fault?: { readonly name: string; readonly closes: Closes };
  /** For a fault: when the cluster was whole again. */
  readonly mended?: string;
}

/** When an attack and the quiet window before it took place, in seconds of the run. */
export interface AttackSpan {
  readonly name: string;
  readonly quiet: readonly [from: number, to: number];
  readonly attacked: readonly [from: number, to: number];
}

/** The attacks of a run, and their effects on the cluster. */
export interface Attacks {
  readonly spans: readonly AttackSpan[];
  readonly steps: readonly AttackStep[];
}

/** Acts on the cluster while k6 plays, and records when. */
export class Disturber {
  readonly marks: Mark[] = [];
  readonly #target: Target;
  readonly #report: (line: string) => void;
  readonly #over: AbortSignal;
  readonly #spans: AttackSpan[] = [];
  #attackRun: AttackRun | undefined;
  #startedAt = Date.now();

  constructor(target: Target, report: (line: string) => void, over: AbortSignal) {
    this.#target = target;
    this.#report = report;
    this.#over = over;
  }

  /** Seconds count from the start of the players, which is set later. */
  begin(startedAt: number): void {
    this.#startedAt = startedAt;
  }

  /** The faults of this target, in the order in which they strike. */
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
    if (!this.#target.rollOut) throw new UsageError('The replicas of this target cannot be replaced from here.');
    this.#mark('rollout begins');
    this.#mark(await this.#target.rollOut((text) => this.#mark(text)));
  }

  async rotate(step: RotationStep): Promise<void> {
    if (!this.#target.rotate) throw new UsageError('The certificates of this target cannot be rotated from here.');
    const told = await this.#target.rotate(step);
    if (step !== 'accept') this.#mark(`rotated: ${told}`);
  }

  /** Whether the target consists of processes on this machine, which can be inspected under attack. */
  get mayAttack(): boolean {
    return this.#target.status !== undefined;
  }

  get attacks(): Attacks {
    return { spans: this.#spans, steps: this.#attackRun?.steps ?? [] };
  }

  get attackerPid(): number | undefined {
    return this.#attackRun?.attackerPid;
  }

  /** A quiet window, and then the attack for as long. */
  async attack(name: AttackName, ms: number): Promise<void> {
    const times: Partial<Record<Moment, number>> = {};
    await this.#attacking().window(name, ms, (what) => {
      times[what] = this.#second();
      if (what === 'attacked') this.#mark(`attack: ${name}`);
    });
    const { quiet = 0, prepared = 0, attacked = 0, over = 0 } = times;
    this.#spans.push({ name, quiet: [quiet, prepared], attacked: [attacked, over] });
  }

  /** Waits until the edge has released the sockets that the attacker still holds open. */
  aftermath(name: AttackName): Promise<void> {
    return this.#attacking().aftermath(name);
  }

  async stop(): Promise<void> {
    await this.#attackRun?.stop();
  }

  #attacking(): AttackRun {
    const { status, trustFile } = this.#target;
    const file = trustFile();
    if (!status || file === undefined) throw new UsageError('This target cannot be attacked from here.');
    this.#attackRun ??= new AttackRun(status, file);
    return this.#attackRun;
  }

  #second(): number {
    return Math.max(0, (Date.now() - this.#startedAt) / 1000);
  }

  #mark(text: string, more: Pick<Mark, 'fault' | 'mended'> = {}): void {
    this.marks.push({ at: Math.round(this.#second() * 10) / 10, text, ...more });
    this.#report(text);
  }
}
