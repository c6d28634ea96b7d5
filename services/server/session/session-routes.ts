import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodeJwt } from 'jose';
import * as v from 'valibot';
import {
  fieldProblem,
  type PlayerRef,
  SESSION_PATH,
  type SessionAnswer,
  SessionEnd,
  SessionRequest,
  sessionCookie,
} from '../../protocol/index.ts';
import type { Allowances } from './allowances.ts';
import { addressGroup, type ClientAddress } from './client-address.ts';
import type { Fencing } from './fencing.ts';
import { JwtRefusal, LONGEST_SECONDS } from './issuer.ts';
import { KeysUnavailable } from './issuer-keys.ts';
import { bearerToken, newGuest, type Session, type Sessions } from './sessions.ts';

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
    const address = addressGroup(clientAddress.of(request.raw));
    const wait = allowances.shutOut(address) || allowances.session(address);
    if (wait > 0) {
      reply.header('Retry-After', Math.ceil(wait / 1000));
      fail(reply, 429, 'rate_limited', `Too many requests from this address; wait ${wait} ms.`, wait);
    } else if (origin !== undefined && !allowedOrigins.has(origin)) {
      fail(reply, 403, 'origin_not_allowed', 'This page may not open a session here.');
    } else if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      fail(reply, 415, 'not_json', 'Send the request as application/json.');
    } else {
      return false;
    }
    return true;
  };
  /** True when the request was answered already: only a page uses the cookie, and a page names its origin. */
  const isForeign = ({ headers }: FastifyRequest, reply: FastifyReply): boolean => {
    if (headers.origin !== undefined) return false;
    fail(reply, 403, 'origin_not_allowed', 'The cookie needs an allowed Origin; programs send a Bearer token.');
    return true;
  };
  const cookieToken = ({ headers }: FastifyRequest, slot: string): string =>
    app.parseCookie(headers.cookie ?? '')[sessionCookie(slot)] ?? '';
  const setCookie = (reply: FastifyReply, slot: string, token: string, seconds: number) =>
    reply.header(
      'Set-Cookie',
      `${sessionCookie(slot)}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(seconds)}`,
    );
  const clearCookie = (reply: FastifyReply, name: string) =>
    reply.header('Set-Cookie', `${name}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`);
  const unavailable = (reply: FastifyReply, error: unknown) => {
    reply.header('Retry-After', 2);
    const what = error instanceof KeysUnavailable ? error.message : 'The store is not available.';
    return fail(reply, 503, 'unavailable', `${what} Try again.`, 2000);
  };
  const unauthorized = (reply: FastifyReply, code: string, sentence: string) => {
    reply.header('WWW-Authenticate', 'Bearer');
    return fail(reply, 401, code, sentence);
  };
  /** The session of a JWT; undefined when the request was answered. */
  const traded = async (jwt: string, reply: FastifyReply): Promise<Session | undefined> => {
    try {
      const session = await sessions.trade(jwt);
      if (await fencing.renew(session.player.id, session.issuedAt)) return session;
      return void unauthorized(
        reply,
        'unauthorized',
        'The player logged out since this JWT was issued; get a newer one.',
      );
    } catch (error) {
      if (error instanceof JwtRefusal) return void unauthorized(reply, 'unauthorized', error.message);
      return void unavailable(reply, error);
    }
  };

  app.post(SESSION_PATH, async (request, reply) => {
    if (isRefused(request, reply)) return reply;
    const parsed = v.safeParse(SessionRequest, request.body);
    if (!parsed.success) {
      return fail(reply, 400, 'bad_message', fieldProblem(parsed.issues[0], 'the session request'));
    }
    const { name, transport, slot } = parsed.output;
    if (transport === 'cookie' && isForeign(request, reply)) return reply;
    // Before a log-out is looked for: a token that is made meanwhile is older than that.
    const now = sessions.now();
    const bearer = bearerToken(request.headers.authorization);
    let known: Session | undefined;
    if (bearer !== undefined && sessions.isForeign(bearer)) {
      known = await traded(bearer, reply);
      if (!known) return reply;
    } else {
      // A credential is renewed as what it is. A script must not get a token that works elsewhere out of the cookie.
      known = await sessions.readToRenew((transport === 'cookie' ? cookieToken(request, slot) : bearer) ?? '');
      try {
        // A player that logged out becomes a new guest.
        if (known && !(await fencing.renew(known.player.id, known.issuedAt))) known = undefined;
      } catch (error) {
        return unavailable(reply, error);
      }
    }
    if (!known && !sessions.guests) return unauthorized(reply, 'no_guests', NO_GUESTS);
    const session = await sessions.issue(playerOf(known, name), now, known?.endsAt);
    const { player, token, expiresAt } = session;
    const answer: SessionAnswer = { player, expiresAt };
    reply.code(201).header('Cache-Control', 'no-store');
    if (transport === 'bearer') return reply.send({ ...answer, token });
    for (const old of surplusCookies(app.parseCookie(request.headers.cookie ?? ''), sessionCookie(slot))) {
      clearCookie(reply, old);
    }
    // Kept beyond its end, for as long as it can be exchanged.
    const exchangeable = session.endsAt === undefined ? Infinity : (session.endsAt - now) / 1000;
    setCookie(reply, slot, token, Math.min(2 * sessions.seconds, exchangeable));
    return reply.send({ ...answer, ticket: await sessions.ticket(session) });
  });

  app.delete(SESSION_PATH, async (request, reply) => {
    if (isRefused(request, reply)) return reply;
    const parsed = v.safeParse(SessionEnd, request.body);
    if (!parsed.success) {
      return fail(reply, 400, 'bad_message', fieldProblem(parsed.issues[0], 'the request to end a session'));
    }
    const { slot } = parsed.output;
    const bearer = bearerToken(request.headers.authorization);
    if (bearer === undefined && request.headers.cookie !== undefined && isForeign(request, reply)) return reply;
    try {
      const shown = bearer ?? cookieToken(request, slot);
      const known = sessions.isForeign(shown) ? await sessions.read(shown) : await sessions.readToRenew(shown);
      if (!known)
        return unauthorized(reply, 'unauthorized', 'There is no session to end: the token is missing or not valid.');
      // Another JWT of the player may be good for longer than any token of ours.
      await fencing.logOut(known.player.id, known.endsAt === undefined ? undefined : LONGEST_SECONDS);
    } catch (error) {
      return unavailable(reply, error);
    }
    clearCookie(reply, sessionCookie(slot));
    return reply.code(204).header('Cache-Control', 'no-store').send();
  });
}

/** Stable, as pages and programs show it. */
const NO_GUESTS = 'Guests may not play here; sign in first.';

/** The player of the new session. Guests choose their name; the issuer gives the name of others. */
function playerOf(known: Session | undefined, name: string | undefined): PlayerRef {
  if (!known) return newGuest(name);
  return known.endsAt === undefined ? { id: known.player.id, name: name ?? known.player.name } : known.player;
}

/** Session cookies that one browser keeps. Each tab adds one, and the edge refuses a request whose header is too long. */
const MOST_COOKIES = 32;

/** The names of session cookies to drop so that one more fits: those whose tokens end first. */
export function surplusCookies(cookies: Record<string, string | undefined>, own: string): string[] {
  const others = Object.entries(cookies).filter(([name]) => name.startsWith(sessionCookie('')) && name !== own);
  const surplus = others.length - (MOST_COOKIES - 1);
  if (surplus <= 0) return [];
  return others
    .map(([name, token = '']) => ({ name, expiry: expiryOf(token) }))
    .sort((one, other) => one.expiry - other.expiry)
    .slice(0, surplus)
    .map(({ name }) => name);
}

/** What a token says of its end, unchecked; 0 when it cannot be read. */
function expiryOf(token: string): number {
  try {
    return decodeJwt(token).exp ?? 0;
  } catch {
    return 0;
  }
}

/** Answers with an error: `code` is stable, `message` a sentence for people. */
export function fail(reply: FastifyReply, status: number, code: string, message: string, retryAfterMs?: number) {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .send({ code, message, ...wait });
}
