/** A flag, or what it names, is wrong: the message is a sentence that says what, where and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Of the command that was called. */
  readonly exitCode = 2;
}
