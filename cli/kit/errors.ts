import { CommanderError } from '@commander-js/extra-typings';

/** Exit codes of every command. A command that a signal ended exits with 128 plus the signal's number. */
export const EXIT = {
  ok: 0,
  /** It was tried and did not succeed, or what was checked is not good. */
  failed: 1,
  /** Refused before anything was changed: wrong usage or input, or something is missing on this machine. */
  usage: 2,
} as const;

/** A command line that is refused; its message is a sentence. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly exitCode = EXIT.usage;
}

/** What is printed for an error that ends a command, and the exit code. */
export function describeError(error: unknown): { text: string; exitCode: number } {
  if (error instanceof CommanderError) {
    return {
      text: error.message.replace(/^error: (.)/, (_, first: string) => first.toUpperCase()),
      exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage,
    };
  }
  if (!(error instanceof Error))
    return { text: `Gridlock has a bug: it threw ${String(error)}.`, exitCode: EXIT.failed };
  // Areas that cannot import this folder mark the errors they expect by their exit code.
  if ('exitCode' in error && typeof error.exitCode === 'number')
    return { text: error.message, exitCode: error.exitCode };
  // What the system refuses is named with its path: a stack says no more to the user.
  if ('syscall' in error) return { text: `The system refused it: ${error.message}.`, exitCode: EXIT.failed };
  return {
    text: `This is a bug in Gridlock. Please report it with these lines:\n${error.stack ?? error.message}`,
    exitCode: EXIT.failed,
  };
}
