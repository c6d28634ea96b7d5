import type { FastifyReply } from 'fastify';
import { type ErrorCode, isWorthRepeating } from '../../protocol/index.ts';
import { Refusal } from '../authority/game-authority.ts';
import { fail } from '../session/session-routes.ts';

/** The status of an answer whose code is one of the protocol's. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_json: 400,
  bad_message: 400,
  unknown_type: 400,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
  app_failed: 500,
  draining: 503,
  too_many_games: 409,
  cluster_full: 503,
  game_not_found: 404,
  game_full: 409,
  game_not_active: 409,
  game_over: 409,
  not_a_player: 403,
  unauthorized: 401,
  superseded: 409,
  room_too_large: 409,
  channel_not_found: 404,
  not_allowed: 403,
  too_many_channels: 409,
  not_subscribed: 409,
  id_reused: 422,
};
/** The status of a refusal by the application's own rules. */
const OF_APPLICATION = 409;
/** The default time to wait before a repeat, in milliseconds. */
const RETRY_AFTER_MS = 1000;

/** The codes of refusals that exist only over HTTP. */
export const HTTP_CODES = {
  not_json: 415,
  too_large: 413,
  bad_request: 400,
  cursor_expired: 410,
} as const;

/** A request that was refused for a reason that exists only over HTTP. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: keyof typeof HTTP_CODES;

  constructor(code: keyof typeof HTTP_CODES, message: string) {
    super(message);
    this.code = code;
  }
}

/** The status for a code, of the protocol or of an application. */
export const statusOf = (code: string): number =>
  Object.hasOwn(STATUS, code) ? STATUS[code as ErrorCode] : OF_APPLICATION;

/** The refusals of fastify itself, by its codes. */
const OF_FASTIFY: Readonly<Record<string, Problem | Refusal>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: new Refusal('bad_json', 'The body is not JSON.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new Problem('not_json', 'Send the request as application/json.'),
  FST_ERR_CTP_BODY_TOO_LARGE: new Problem('too_large', 'The body is too large.'),
};

/** The answer to a failed request; undefined if the error is a bug of this program. */
export function answerProblem(reply: FastifyReply, error: Error): FastifyReply | undefined {
  const known = OF_FASTIFY[(error as { code?: string }).code ?? ''] ?? error;
  if (known instanceof Problem) return fail(reply, HTTP_CODES[known.code], known.code, known.message);
  const { statusCode = 500 } = error as { statusCode?: number };
  if (!(known instanceof Refusal)) {
    return statusCode < 500 ? fail(reply, statusCode, 'bad_request', error.message) : undefined;
  }
  const { code, message, retryAfterMs = isWorthRepeating(code) ? RETRY_AFTER_MS : undefined } = known;
  if (retryAfterMs !== undefined) reply.header('Retry-After', Math.max(1, Math.ceil(retryAfterMs / 1000)));
  return fail(reply, statusOf(code), code, message, retryAfterMs);
}
