// What up, down and rotate have in common: exit codes and questions.
import os from 'node:os';
import { createInterface } from 'node:readline/promises';
import { PreflightError } from '../local/errors.ts';

const FAILED = 1;
const INTERRUPTED = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => 128 + os.constants.signals[name as 'SIGINT']);

/** The exit code that stands for one of the engine's, which has many: that of a signal stays. */
export const exitCodeOf = (code: number): number => (code === 0 || INTERRUPTED.includes(code) ? code : FAILED);

/** @throws PreflightError when there is nobody to ask */
export function requireTerminal(command: string): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new PreflightError(
    `There is no terminal to ask for a confirmation on: npm run ${command} -- --yes goes on without.`,
  );
}

/** Whether a person says yes. */
export async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
