/** A flag, or what it names, is wrong: the message is a sentence that says what, where and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Of the command that was called. */
  readonly exitCode = 2;
}

export type Design = 'stateless' | 'stateful';
export const DESIGNS: readonly Design[] = ['stateless', 'stateful'];

/** Gets a line about what goes on. */
export type Report = (line: string) => void;

/** Progress goes where it does not mix with results. */
export const toStandardError: Report = (line) => void process.stderr.write(`${line}\n`);
