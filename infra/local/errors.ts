/** Start-up was refused before anything was started. */
export class PreflightError extends Error {
  override name = 'PreflightError';
  /** Of the command: the user has to change the request. */
  readonly exitCode = 2;
}

/** Start-up failed on the way and was undone. */
export class StartError extends Error {
  override name = 'StartError';
  readonly exitCode = 1;
}
