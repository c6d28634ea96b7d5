// What the three commands have in common: how they end.
import os from 'node:os';
import { ConfigError } from '../config/config.ts';
import { PreflightError, StartError } from '../local/errors.ts';

/** Exit codes: refused before anything was changed, failed on the way. */
export const EXIT = { failed: 1, refused: 2 } as const;

const INTERRUPTED = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => 128 + os.constants.signals[name as 'SIGINT']);

/** Whether a command was ended by the user. */
const wasInterrupted = (code: number): boolean => INTERRUPTED.includes(code);

/** The exit code that stands for one of the engine's, which has many: that of a signal stays. */
export const exitCodeOf = (code: number): number => (code === 0 || wasInterrupted(code) ? code : EXIT.failed);

/**
 * Runs a command and ends the process with the exit code it resolves with; what it throws becomes a sentence
 * on
 * standard error.
 */
export async function runCommand(command: () => Promise<number>): Promise<never> {
  try {
    process.exit(await command());
  } catch (error) {
    if (error instanceof ConfigError || error instanceof PreflightError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(EXIT.refused);
    }
    const known = error instanceof StartError || (error instanceof Error && 'syscall' in error);
    process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? error)}\n`);
    process.exit(EXIT.failed);
  }
}

/** @throws PreflightError when a question could be asked of nobody */
export function requireTerminal(command: string): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new PreflightError(
    `There is no terminal to ask for a confirmation on: npm run ${command} -- --yes goes on without.`,
  );
}
