import fastifyCookie from '@fastify/cookie';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { ADDRESS_PATH } from '../../protocol/index.ts';
import type { Logger } from '../ops/log.ts';
import { addSessionRoutes, fail, type SessionRoutesOptions } from '../session/session-routes.ts';
import { addCors } from './cors.ts';
import { CONTENT_SECURITY_POLICY } from './security-headers.ts';

/** File names that carry a digest of their content, as esbuild's `[name]-[hash]` gives them. */
const HASHED = /-[A-Z2-7]{8}\.[a-z0-9]+(\.(map|br|gz))?$/;

export interface HttpOptions extends SessionRoutesOptions {
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
    // Fastify must not read what a proxy says about the client.
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
    fail(reply, 404, 'not_found', `There is nothing at ${request.url.split('?')[0]?.slice(0, 100)}.`),
  );
  app.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return fail(reply, status, 'bad_request', error.message);
    options.log.error({ err: error, url: request.url.split('?')[0] }, 'a request failed');
    return fail(reply, 500, 'internal', 'The server failed at something unforeseen.');
  });

  addCors(app, options.allowedOrigins);
  addSessionRoutes(app, options);
  // The first one is the public one.
  const [origin] = options.allowedOrigins;
  app.get(ADDRESS_PATH, (_request, reply) => reply.header('Cache-Control', 'no-cache').send({ origin }));

  if (options.webRoot !== undefined) {
    const { fastifyStatic } = await import('@fastify/static');
    await app.register(fastifyStatic, {
      root: options.webRoot,
      // The operations page is for the internal listener alone.
      allowedPath: (pathName) => !/^\/+ops(\/|$)/.test(pathName),
      cacheControl: false,
      // The build has compressed files where it helps; the edge compresses the rest.
      preCompressed: true,
      setHeaders: (reply, path) => {
        const cache = HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
        reply.header('Cache-Control', cache);
      },
    });
  }
  return app;
}
