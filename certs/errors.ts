import { printable } from './printable.ts';

export type CertificateErrorCode =
  | 'acme'
  | 'broken_chain'
  | 'corrupt'
  | 'exists'
  | 'expired'
  | 'incomplete'
  | 'invalid_key_type'
  | 'invalid_lifetimes'
  | 'invalid_name'
  | 'invalid_request'
  | 'invalid_usage'
  | 'key_encrypted'
  | 'key_mismatch'
  | 'key_missing'
  | 'locked'
  | 'name_not_permitted'
  | 'not_yet_valid'
  | 'rollover_refused'
  | 'rotation_failed'
  | 'tool_missing'
  | 'trust_failed'
  | 'unreadable'
  | 'wrong_passphrase';

/** Codes of attempts that failed. Everything else was refused before anything changed. */
const TRIED: readonly CertificateErrorCode[] = ['acme', 'rotation_failed', 'trust_failed', 'locked'];

/** A fault in the authority or its directory; its message is a sentence that names the place and the fix. */
export class CertificateError extends Error {
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    // The message quotes names and paths that others chose, and a terminal prints it.
    super(printable(message), options);
    this.name = 'CertificateError';
    this.code = code;
  }

  /** The exit code of a command that this error ends: 1 failed, 2 refused. */
  get exitCode(): 1 | 2 {
    return TRIED.includes(this.code) ? 1 : 2;
  }
}

/** Whether `error` is a system error with one of these codes, such as ENOENT. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}

/** The message of an error, without its stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
