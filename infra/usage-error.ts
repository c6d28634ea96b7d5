/** A flag, or what it names, is wrong. The message is a sentence that names the fault, its place and the remedy. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Of the command that was called. */
  readonly exitCode = 2;
}
