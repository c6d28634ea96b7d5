import { writeFileSync } from 'node:fs';

export interface StepResult {
  readonly name: string;
  readonly result: 'passed' | 'failed';
  readonly seconds: number;
  /** The result, or the error. */
  readonly detail: string;
}

/** The steps of a run, printed as they finish, and once more as a table at the end. */
export class Steps {
  readonly results: StepResult[] = [];
  #diagnose: (error: unknown) => Promise<string> = async () => '';

  /** Sets the function that describes the cluster after a failed step. */
  diagnoseBy(diagnose: (error: unknown) => Promise<string>): void {
    this.#diagnose = diagnose;
  }

  get failed(): boolean {
    return this.results.some(({ result }) => result === 'failed');
  }

  /** Runs a step. Resolves with false when it failed, so that independent steps can still run. */
  async run(name: string, work: () => Promise<string | void>): Promise<boolean> {
    process.stdout.write(`  ${name.padEnd(WIDTH)} `);
    const begun = performance.now();
    const finish = (result: StepResult['result'], detail: string) => {
      const seconds = Math.round((performance.now() - begun) / 100) / 10;
      this.results.push({ name, result, seconds, detail });
      process.stdout.write(`${time(seconds)}  ${result === 'failed' ? 'FAILED  ' : ''}${detail}\n`);
    };
    try {
      finish('passed', (await work()) ?? '');
      return true;
    } catch (error) {
      finish('failed', (error as Error).message);
      process.stdout.write(`${(error as Error).stack}\n${await this.#diagnose(error).catch(String)}\n`);
      return false;
    }
  }

  /** Like `run`, for a step that all later ones depend on. */
  async must(name: string, work: () => Promise<string | void>): Promise<void> {
    if (!(await this.run(name, work))) throw new StepFailure(name);
  }

  table(): string {
    const rows = this.results.map(
      ({ name, result, seconds, detail }) =>
        `  ${result.padEnd(7)} ${name.padEnd(WIDTH)} ${time(seconds)}  ${detail.split('\n')[0]}`,
    );
    return ['', ...rows, ''].join('\n');
  }

  write(file: string, more: Record<string, unknown>): void {
    const passed = !this.failed;
    writeFileSync(file, `${JSON.stringify({ ...more, passed, steps: this.results }, null, 2)}\n`);
  }
}

const WIDTH = 46;
const time = (seconds: number): string => `${seconds.toFixed(1).padStart(7)} s`;

/** A step failed that others depend on. */
export class StepFailure extends Error {
  override name = 'StepFailure';
}
