/** Start-up is refused before anything was started; the process ends with exit code 2. */
export class PreflightError extends Error {
  override name = 'PreflightError';
  readonly exitCode = 2;
}

/** Start-up failed on the way and was undone; the process ends with exit code 1. */
export class StartError extends Error {
  override name = 'StartError';
  readonly exitCode = 1;
}
