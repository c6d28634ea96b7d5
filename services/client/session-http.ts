import * as v from 'valibot';
import { SessionAnswer, type SessionEnd, type SessionRequestInput } from '../protocol/index.ts';
import { GridlockError } from './errors.ts';
import type { SessionCall } from './platform.ts';

/** Body of `POST /api/session`. */
export function sessionBody(call: SessionCall, transport: 'bearer' | 'cookie'): string {
  const { slot, name } = call;
  return JSON.stringify({ transport, slot, ...(name === undefined ? {} : { name }) } satisfies SessionRequestInput);
}

/** Body of `DELETE /api/session`. */
export const sessionEndBody = ({ slot }: SessionCall): string => JSON.stringify({ slot } satisfies SessionEnd);

/** Reads the answer to that. A session that is over already has ended, too. */
export function readSessionEnd(status: number): void {
  if (status === 204 || status === 401) return;
  throw new GridlockError('session_unavailable', `The server answered ${status} to the request to end the session.`);
}

/** Reads the answer; throws a `GridlockError` that tells whether to try again. */
export function readSessionAnswer(status: number, body: string): SessionAnswer {
  const value = parse(body);
  if (status < 200 || status > 299) {
    const again = status < 400 || status === 408 || status === 425 || status === 429 || status >= 500;
    const said = (value as { message?: unknown } | undefined)?.message;
    const detail = typeof said === 'string' ? `: ${said}` : '.';
    throw new GridlockError(
      again ? 'session_unavailable' : 'session_refused',
      `The server answered ${status} to the request for a session${detail}`,
    );
  }
  const parsed = v.safeParse(SessionAnswer, value);
  if (parsed.success) return parsed.output;
  throw new GridlockError('session_unavailable', 'The answer to the request for a session is not of this protocol.');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
