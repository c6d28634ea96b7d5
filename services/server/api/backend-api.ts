import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Allowances } from '../session/allowances.ts';
import { addressGroup, type ClientAddress } from '../session/client-address.ts';
import { fail } from '../session/session-routes.ts';
import { bearerToken } from '../session/sessions.ts';
import { OPENAPI } from './api-counters.ts';
import { type ApiKeys, BACKEND_HEADER } from './api-keys.ts';
import { addChannelRoutes, type ChannelRoutesOptions } from './channel-routes.ts';
import { addPlayerRoutes, type PlayerRoutesOptions } from './player-routes.ts';
import { answerProblem } from './problem.ts';
import { addRoomRoutes, type RoomRoutesOptions } from './room-routes.ts';

/** The path of all routes for backends. */
export const API_PATH = '/api/v1';
/** The largest body: twice the largest frame of a player, because the fields around the command are small. */
const BODY_BYTES = 8192;
declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the backend whose key came with the request; empty without a key. */
    backend: string;
  }
  interface FastifyContextConfig {
    /** Answered without a key. */
    isOpen?: boolean;
  }
}

export interface BackendApiOptions extends RoomRoutesOptions, ChannelRoutesOptions, PlayerRoutesOptions {
  readonly keys: Pick<ApiKeys, 'nameOf'>;
  readonly allowances: Pick<Allowances, 'refused' | 'shutOut'>;
  readonly clientAddress: ClientAddress;
  readonly metrics: Pick<Metrics, 'apiRequests' | 'published'>;
  readonly log: Logger;
}

/** The HTTP API for backends. Each request needs a key. */
export async function addBackendApi(app: FastifyInstance, options: BackendApiOptions): Promise<void> {
  const description = readFileSync(OPENAPI, 'utf8');
  await app.register(
    async (api) => {
      api.decorateRequest('backend', '');
      api.addHook('onRequest', async (request, reply) => {
        if (request.routeOptions.config.isOpen) return;
        return authorize(request, reply, options);
      });
      api.addHook('onResponse', async (request, reply) => count(request, reply, options));
      api.addHook('onRoute', (route) => {
        route.bodyLimit ??= BODY_BYTES;
      });
      acceptNoBody(api);
      api.setErrorHandler((error: Error, request, reply) => {
        const answered = answerProblem(reply, error);
        if (answered) return answered;
        options.log.error({ err: error, backend: request.backend, url: request.routeOptions.url }, 'a request failed');
        return fail(reply, 500, 'internal', 'The server failed at something unforeseen.');
      });
      api.get('/openapi.json', { exposeHeadRoute: false, config: { isOpen: true } }, async (_request, reply) =>
        reply.type('application/json; charset=utf-8').header('Cache-Control', 'no-cache').send(description),
      );
      addRoomRoutes(api, options);
      addChannelRoutes(api, options);
      addPlayerRoutes(api, options);
    },
    { prefix: API_PATH },
  );
}

/** Clients send a content type even without a body. */
function acceptNoBody(api: FastifyInstance): void {
  const parse = api.getDefaultJsonParser('error', 'error');
  api.removeContentTypeParser('application/json');
  api.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}

/** Answers a request without a key or with a wrong one. An address that guesses is blocked for a while. */
function authorize(request: FastifyRequest, reply: FastifyReply, options: BackendApiOptions): FastifyReply | undefined {
  const { keys, allowances, clientAddress } = options;
  const shown = bearerToken(request.headers.authorization);
  const name = shown === undefined ? undefined : keys.nameOf(shown);
  if (name !== undefined) {
    request.backend = name;
    reply.header(BACKEND_HEADER, name);
    return undefined;
  }
  const address = addressGroup(clientAddress.of(request.raw));
  const wait = allowances.shutOut(address);
  if (wait > 0) {
    reply.header('Retry-After', Math.ceil(wait / 1000));
    return fail(reply, 429, 'rate_limited', `Too many requests from this address were refused; wait ${wait} ms.`, wait);
  }
  allowances.refused(address);
  const sentence =
    shown === undefined
      ? 'Send the key of your backend as "Authorization: Bearer <key>".'
      : 'This cluster does not know the key; it may have been replaced.';
  return fail(reply.header('WWW-Authenticate', 'Bearer'), 401, 'unauthorized', sentence);
}

function count(request: FastifyRequest, reply: FastifyReply, { metrics, log }: BackendApiOptions): void {
  const { backend, method } = request;
  const route = `${method} ${request.routeOptions.url?.slice(API_PATH.length) ?? ''}`;
  const status = String(reply.statusCode);
  metrics.apiRequests.inc({ backend, route, status });
  log.debug({ backend, route, status, ms: Math.round(reply.elapsedTime) }, 'a request of a backend');
}
