import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import {
  fieldProblem,
  SESSION_PATH,
  type SessionAnswer,
  SessionEnd,
  SessionRequest,
  sessionCookie,
} from '../../protocol/index.ts';
import type { Allowances } from './allowances.ts';
import { addressGroup, type ClientAddress } from './client-address.ts';
import type { Fencing } from './fencing.ts';
import { bearerToken, newGuest, type Sessions } from './sessions.ts';

export interface SessionRoutesOptions {
  readonly sessions: Sessions;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly allowances: Allowances;
  readonly clientAddress: ClientAddress;
  readonly fencing: Pick<Fencing, 'renew' | 'logOut'>;
}

/** Sessions: `POST` opens or renews one, `DELETE` ends it and closes the player's sockets. */
export function addSessionRoutes(app: FastifyInstance, options: SessionRoutesOptions): void {
  const { sessions, allowedOrigins, allowances, clientAddress, fencing } = options;

  /** True when the request was answered already. */
  const isRefused = (request: FastifyRequest, reply: FastifyReply): boolean => {
    const { origin } = request.headers;
    const wait = allowances.session(addressGroup(clientAddress.of(request.raw)));
    if (wait > 0) {
      reply.header('Retry-After', Math.ceil(wait / 1000));
      fail(reply, 429, 'rate_limited', `Too many sessions from this address; wait ${wait} ms.`, wait);
    } else if (origin !== undefined && !allowedOrigins.has(origin)) {
      fail(reply, 403, 'origin_not_allowed', 'This page may not open a session here.');
    } else if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      fail(reply, 415, 'not_json', 'Send the request as application/json.');
    } else {
      return false;
    }
    return true;
  };
  const tokenOf = ({ headers }: FastifyRequest, slot: string): string =>
    bearerToken(headers.authorization) ?? app.parseCookie(headers.cookie ?? '')[sessionCookie(slot)] ?? '';
  const setCookie = (reply: FastifyReply, slot: string, token: string, seconds: number) =>
    reply.header(
      'Set-Cookie',
      `${sessionCookie(slot)}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${seconds}`,
    );
  const unavailable = (reply: FastifyReply) => {
    reply.header('Retry-After', 2);
    return fail(reply, 503, 'unavailable', 'The store is not available; try again.', 2000);
  };

  app.post(SESSION_PATH, async (request, reply) => {
    if (isRefused(request, reply)) return reply;
    const parsed = v.safeParse(SessionRequest, request.body);
    if (!parsed.success) {
      return fail(reply, 400, 'bad_message', fieldProblem(parsed.issues[0], 'the session request'));
    }
    const { name, transport, slot } = parsed.output;
    let known = await sessions.readToRenew(tokenOf(request, slot));
    try {
      // Who logged out is a new guest.
      if (known && !(await fencing.renew(known.player.id))) known = undefined;
    } catch {
      return unavailable(reply);
    }
    const player = known ? { id: known.player.id, name: name ?? known.player.name } : newGuest(name);
    const { token, expiresAt } = await sessions.issue(player);
    const answer: SessionAnswer = { player, expiresAt };
    reply.code(201).header('Cache-Control', 'no-store');
    if (transport === 'bearer') return reply.send({ ...answer, token });
    // Kept beyond its end, for as long as it can be exchanged.
    setCookie(reply, slot, token, 2 * sessions.seconds);
    return reply.send({ ...answer, ticket: await sessions.ticket({ player, expiresAt }) });
  });

  app.delete(SESSION_PATH, async (request, reply) => {
    if (isRefused(request, reply)) return reply;
    const parsed = v.safeParse(SessionEnd, request.body);
    if (!parsed.success) {
      return fail(reply, 400, 'bad_message', fieldProblem(parsed.issues[0], 'the request to end a session'));
    }
    const { slot } = parsed.output;
    const known = await sessions.readToRenew(tokenOf(request, slot));
    if (!known)
      return fail(reply, 401, 'unauthorized', 'There is no session to end: the token is missing or not valid.');
    try {
      await fencing.logOut(known.player.id);
    } catch {
      return unavailable(reply);
    }
    setCookie(reply, slot, '', 0);
    return reply.code(204).header('Cache-Control', 'no-store').send();
  });
}

/** Answers with an error: `code` is stable, `message` a sentence for people. */
export function fail(reply: FastifyReply, status: number, code: string, message: string, retryAfterMs?: number) {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .send({ code, message, ...wait });
}
