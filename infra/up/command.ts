// Shared by up, down and rotate: exit codes and questions.
import os from 'node:os';
import { createInterface } from 'node:readline/promises';
import { PreflightError } from '../local/errors.ts';

const FAILED = 1;
const INTERRUPTED = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => 128 + os.constants.signals[name as 'SIGINT']);

/** Our exit code for one of the engine's many: that of a signal stays. */
export const exitCodeOf = (code: number): number => (code === 0 || INTERRUPTED.includes(code) ? code : FAILED);

/** @throws PreflightError without a terminal */
export function requireTerminal(command: string): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new PreflightError(
    `There is no terminal for a confirmation: npm run ${command} -- --yes continues without one.`,
  );
}

/** Whether the user says yes. */
export async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
