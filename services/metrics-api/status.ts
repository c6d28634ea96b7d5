/** What is answered: a status code and an object of Kubernetes. */
export interface Answer {
  readonly code: number;
  readonly body: object;
}

const REASONS = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  500: 'InternalError',
  503: 'ServiceUnavailable',
} as const;

export type FailureCode = keyof typeof REASONS;

/** A refusal as every client of Kubernetes reads it; `message` is a sentence. */
export function failure(code: FailureCode, message: string): Answer {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: REASONS[code],
    code,
  };
  return { code, body };
}

/** Thrown by what cannot go on; answered as a `Status`. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string) {
    super(message);
    this.code = code;
  }
}
