import { EXIT } from '../../certs/cli/command.ts';

/** The printed text of an error that ends a command, and its exit code. */
export function describeError(error: unknown): { text: string; exitCode: number } {
  if (!(error instanceof Error))
    return { text: `Gridlock has a bug: it threw ${String(error)}.`, exitCode: EXIT.failed };
  // Areas that cannot import this folder mark the errors they expect by their exit code, as commander does.
  if ('exitCode' in error && typeof error.exitCode === 'number')
    return { text: error.message, exitCode: error.exitCode };
  // An error of the system names its path, and a stack would tell the user nothing more.
  if ('syscall' in error) return { text: `The system refused it: ${error.message}.`, exitCode: EXIT.failed };
  return {
    text: `This is a bug in Gridlock. Please report it with these lines:\n${error.stack ?? error.message}`,
    exitCode: EXIT.failed,
  };
}
