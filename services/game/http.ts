import fastifyCookie from '@fastify/cookie';
import {
  fastify, LogController,
  type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest,
} from 'fastify';
import * as v from 'valibot';
import {
  fieldProblem, sessionCookie, SESSION_PATH, SessionRequest, type SessionAnswer,
} from '../protocol/index.ts';
import type { Logger } from './log.ts';
import { bearerToken, newGuest, SESSION_SECONDS, type Sessions } from './session.ts';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
  "connect-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ');

/** File names that carry a digest of their content, as esbuild's `[name]-[hash]` gives them. */
const HASHED = /-[A-Z2-7]{8}\.[a-z0-9]+(\.map)?$/;

export interface HttpOptions {
  readonly sessions: Sessions;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly webRoot: string | undefined;
  readonly log: Logger;
}

/** The public HTTP side of a replica: sessions for guests and the page. The socket is in `upgrade.ts`. */
export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    loggerInstance: options.log as unknown as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 4096,
    requestTimeout: 10_000,
    // Longer than the edge keeps its side, so that the edge never writes into a connection being closed.
    keepAliveTimeout: 75_000,
    // The page is no place for what a proxy in between says about the client.
    trustProxy: false,
  });
  app.server.headersTimeout = 10_000;
  await app.register(fastifyCookie);

  app.addHook('onSend', async (_request, reply) => {
    reply.header('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    reply.header('X-Content-Type-Options', 'nosniff');
    reply.header('Referrer-Policy', 'no-referrer');
    reply.header('Cross-Origin-Opener-Policy', 'same-origin');
    reply.header('Cross-Origin-Resource-Policy', 'same-origin');
  });
  app.setNotFoundHandler((request, reply) =>
    fail(reply, 404, 'not_found', `There is nothing at ${request.url.split('?')[0]?.slice(0, 100)}.`));
  app.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return fail(reply, status, 'bad_request', error.message);
    options.log.error({ err: error, url: request.url.split('?')[0] }, 'a request failed');
    return fail(reply, 500, 'internal', 'The server failed at something unforeseen.');
  });

  app.post(SESSION_PATH, (request, reply) => openSession(app, options, request, reply));

  if (options.webRoot !== undefined) {
    const { fastifyStatic } = await import('@fastify/static');
    await app.register(fastifyStatic, {
      root: options.webRoot,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const cache = HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
        reply.header('Cache-Control', cache);
      },
    });
  }
  return app;
}

async function openSession(
  app: FastifyInstance,
  { sessions, allowedOrigins }: HttpOptions,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const { origin, authorization, cookie } = request.headers;
  if (origin !== undefined && !allowedOrigins.has(origin)) {
    return fail(reply, 403, 'origin_not_allowed', 'This page may not open a session here.');
  }
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return fail(reply, 415, 'not_json', 'Send the request as application/json.');
  }
  const parsed = v.safeParse(SessionRequest, request.body);
  if (!parsed.success) {
    return fail(reply, 400, 'bad_message', fieldProblem(parsed.issues[0], 'the session request'));
  }
  const { name, transport, slot } = parsed.output;
  const token = bearerToken(authorization) ?? app.parseCookie(cookie ?? '')[sessionCookie(slot)];
  const known = token === undefined ? undefined : await sessions.read(token);
  const player = known ? { id: known.player.id, name: name ?? known.player.name } : newGuest(name);
  const issued = await sessions.issue(player);
  const answer: SessionAnswer = { player, expiresAt: issued.expiresAt };
  reply.code(201).header('Cache-Control', 'no-store');
  if (transport === 'bearer') return reply.send({ ...answer, token: issued.token });
  const attributes = `Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${SESSION_SECONDS}`;
  return reply.header('Set-Cookie', `${sessionCookie(slot)}=${issued.token}; ${attributes}`).send(answer);
}

function fail(reply: FastifyReply, status: number, code: string, message: string) {
  return reply.code(status).header('Cache-Control', 'no-store').send({ code, message });
}
