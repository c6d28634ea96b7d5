import type * as v from 'valibot';
import { type ErrorMessage, isWorthRepeating, type RefusalCode } from '../protocol/index.ts';

/** The errors of this side of the wire. */
const CLIENT_ERROR_CODES = [
  /** Sent, and not answered before the deadline: whether it was applied is unknown. */
  'timeout',
  /** Refused without being sent: too many requests are waiting. */
  'queue_full',
  /** Never sent: there was no connection for too long. */
  'queue_expired',
  /** The client is closed, by itself or by the server. */
  'closed',
  'connection_lost',
  'connect_failed',
  'session_refused',
  'session_unavailable',
  /** The address cannot work: its scheme, its certificate, a redirect or an unknown name. */
  'wrong_address',
  'protocol_error',
] as const;
export type ClientErrorCode = (typeof CLIENT_ERROR_CODES)[number];

interface ErrorDetails {
  readonly retryAfterMs?: number | undefined;
  readonly game?: string | undefined;
  readonly channel?: string | undefined;
}

/** A refused or failed request, or a problem with the connection. `message` is a sentence for people. */
export class GridlockError extends Error {
  override readonly name = 'GridlockError';
  readonly code: RefusalCode | ClientErrorCode;
  /** How long the server asked to wait before the request is repeated. */
  readonly retryAfterMs: number | undefined;
  readonly game: string | undefined;
  readonly channel: string | undefined;

  constructor(code: RefusalCode | ClientErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    this.retryAfterMs = details.retryAfterMs;
    this.game = details.game;
    this.channel = details.channel;
  }

  /** The server will give the same answer again. */
  get final(): boolean {
    return !CLIENT_ERROR_CODES.includes(this.code as ClientErrorCode) && !isWorthRepeating(this.code);
  }

  static of(message: v.InferOutput<typeof ErrorMessage>, details: ErrorDetails = {}): GridlockError {
    return new GridlockError(message.code, message.message, { ...details, retryAfterMs: message.retryAfterMs });
  }
}
