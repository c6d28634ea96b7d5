import type { FastifyInstance } from 'fastify';
import { POLL_PATH, REFUSAL_HEADER, SEND_PATH, SESSION_PATH, STREAM_PATH } from '../../protocol/index.ts';
import { fail } from '../session/session-routes.ts';

const METHODS: Readonly<Record<string, string>> = {
  [SESSION_PATH]: 'POST, DELETE',
  [STREAM_PATH]: 'POST',
  [POLL_PATH]: 'POST',
  [SEND_PATH]: 'POST',
};
/** As long as browsers keep it at most. */
const PREFLIGHT_SECONDS = 7200;

/** Lets pages of allowed origins use sessions and the fallback transports, and no others. */
export function addCors(app: FastifyInstance, allowedOrigins: ReadonlySet<string>): void {
  app.addHook('onRequest', async ({ headers: { origin }, url }, { raw }) => {
    if (METHODS[url.split('?')[0]!] === undefined) return;
    // On the response itself: a stream begins without the framework's reply.
    raw.setHeader('Vary', 'Origin');
    if (origin === undefined || !allowedOrigins.has(origin)) return;
    raw.setHeader('Access-Control-Allow-Origin', origin);
    raw.setHeader('Access-Control-Allow-Credentials', 'true');
    raw.setHeader('Access-Control-Expose-Headers', `Retry-After, ${REFUSAL_HEADER}`);
  });
  for (const [path, methods] of Object.entries(METHODS)) {
    app.options(path, async ({ headers: { origin } }, reply) => {
      if (origin === undefined || !allowedOrigins.has(origin))
        return fail(reply, 403, 'origin_not_allowed', 'Pages of this origin may not connect.');
      return reply
        .code(204)
        .headers({
          'Access-Control-Allow-Methods': methods,
          'Access-Control-Allow-Headers': 'Authorization, Content-Type',
          'Access-Control-Max-Age': PREFLIGHT_SECONDS,
        })
        .send();
    });
  }
}
