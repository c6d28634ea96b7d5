export type CertificateErrorCode =
  | 'broken_chain'
  | 'corrupt'
  | 'expired'
  | 'incomplete'
  | 'invalid_lifetimes'
  | 'invalid_name'
  | 'key_encrypted'
  | 'key_mismatch'
  | 'key_missing'
  | 'locked'
  | 'name_not_permitted'
  | 'not_yet_valid'
  | 'unreadable';

/** A fault in the authority or its directory; its message is a sentence naming the place and the mend. */
export class CertificateError extends Error {
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CertificateError';
    this.code = code;
  }
}

/** Whether `error` is a system error of one of these codes, as ENOENT. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}
