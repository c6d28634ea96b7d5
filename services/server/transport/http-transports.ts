import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import {
  fieldProblem,
  POLL_PATH,
  PollRequest,
  REFUSAL_HEADER,
  SEND_BYTES,
  SEND_PATH,
  SendRequest,
  STREAM_PATH,
  SUBPROTOCOL,
  type Transport,
} from '../../protocol/index.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';
import {
  type Accepted,
  endRefused,
  type Handshake,
  type Refused,
  routedGame,
  SENTENCES,
} from '../session/handshake.ts';
import { fail } from '../session/session-routes.ts';
import { connectionId, type HttpSocket, holderOf } from './http-socket.ts';
import { PollSocket } from './poll-socket.ts';
import { type Asked, Holder, Relay, type Relayed } from './relay.ts';
import { SseSocket } from './sse-socket.ts';

/**
 * The longest silence on a connection without a WebSocket, in milliseconds: proxies give up a response after half a
 * minute, the edge after less.
 */
export const QUIET_MS = 10_000;

export interface HttpTransportsOptions extends Omit<TransportRoutesOptions, 'holder' | 'relay'> {
  readonly redis: Pick<Store, 'spublish'>;
  readonly bus: Pick<Bus, 'listen' | 'unlisten'>;
}

/** The ways to have a connection where there is no WebSocket. */
export class HttpTransports {
  readonly #relay: Relay;

  constructor(app: FastifyInstance, { redis, bus, ...options }: HttpTransportsOptions) {
    const { replica } = options;
    const holder = new Holder();
    this.#relay = new Relay({ redis, bus, replica, onAsked: (asked) => holder.answer(asked) });
    addTransportRoutes(app, { ...options, holder, relay: this.#relay });
  }

  stop(): void {
    this.#relay.stop();
  }
}

/** The time within which another replica has to answer a batch, and a poll beyond the time it is held. */
const ANSWER_MS = 2000;

export interface TransportRoutesOptions {
  readonly replica: string;
  readonly handshake: Handshake;
  readonly holder: Holder;
  readonly relay: Relay;
  /** The longest a poll is held. */
  readonly heartbeatMs: number;
  readonly accept: (accepted: Accepted) => void;
  readonly metrics: Metrics;
}

/** Connections without a WebSocket. Their requests may come to any replica. */
export function addTransportRoutes(app: FastifyInstance, options: TransportRoutesOptions): void {
  const { replica, handshake, holder, relay, heartbeatMs, accept, metrics } = options;

  const refuse = (reply: FastifyReply, { status, reason, headers = {} }: Refused) => {
    metrics.upgradesRefused.inc({ reason });
    return fail(
      reply.headers({ ...headers, [REFUSAL_HEADER]: SUBPROTOCOL }),
      status,
      reason,
      SENTENCES[reason] ?? 'The request is refused.',
    );
  };

  /** Opens a connection; `make` begins its socket. Undefined when the request was answered. */
  const open = async <C extends HttpSocket>(
    request: FastifyRequest,
    reply: FastifyReply,
    transport: Transport,
    make: (id: string) => C,
  ): Promise<{ socket: C; player: string } | undefined> => {
    const trace = handshake.trace(request.raw, transport);
    const address = handshake.addressOf(request.raw);
    const place = handshake.place(address);
    if ('status' in place) {
      endRefused(trace, place);
      return void refuse(reply, place);
    }
    const checked = await handshake.open(request.raw, trace);
    if ('status' in checked) endRefused(trace, checked);
    else trace?.end({ 'http.response.status_code': 200 });
    if ('status' in checked || reply.raw.destroyed) {
      place.leave();
      if ('status' in checked) refuse(reply, checked);
      return undefined;
    }
    const socket = make(connectionId(replica));
    void socket.ended.then(() => place.leave());
    const player = checked.session.player.id;
    holder.add(socket, player);
    const {
      headers: { origin },
      url,
    } = request.raw;
    accept({ socket, ...checked, origin, address, game: routedGame(url), handshake: trace?.context });
    return { socket, player };
  };

  const ask = async (asked: Asked): Promise<Relayed> => {
    const isHere = holderOf(asked.connection) === replica;
    metrics.transportRequests.inc({ kind: asked.kind, by: isHere ? 'holder' : 'relay' });
    if (isHere) return holder.answer(asked);
    const timeoutMs = ANSWER_MS + (asked.kind === 'poll' ? heartbeatMs : 0);
    return relay.ask(holderOf(asked.connection), asked, timeoutMs).catch(() => ({ tag: 'silent' }));
  };

  const answer = (reply: FastifyReply, answered: Relayed) => {
    reply.header('Cache-Control', 'no-store');
    if (answered.tag === 'gone') {
      return fail(reply, 410, 'gone', 'There is no such connection any more; open another one and resume.');
    }
    if (answered.tag === 'order') {
      return fail(reply, 409, 'order', 'Another request of this connection has taken the place of this one.');
    }
    if (answered.tag === 'silent') {
      reply.header('Retry-After', 1);
      return fail(reply, 504, 'gateway_timeout', 'The replica that holds the connection does not answer.', 1000);
    }
    if (answered.text === undefined) return reply.code(204).send();
    return reply.header('Content-Type', 'application/x-ndjson; charset=utf-8').send(answered.text);
  };

  /** The body, or undefined when the request was answered. */
  const bodyOf = <S extends v.GenericSchema>(
    schema: S,
    request: FastifyRequest,
    reply: FastifyReply,
  ): v.InferOutput<S> | undefined => {
    // No form of another site can say so.
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return void fail(reply, 415, 'not_json', 'Send the request as application/json.');
    }
    const parsed = v.safeParse(schema, request.body);
    if (parsed.success) return parsed.output;
    return void fail(reply, 400, 'bad_message', fieldProblem(parsed.issues[0], 'the request'));
  };

  const stream = async (request: FastifyRequest, reply: FastifyReply) => {
    await open(request, reply, 'sse', (id) => {
      reply.hijack();
      return new SseSocket(id, reply.raw);
    });
    return reply;
  };
  // A page posts: only then does its browser name the origin.
  app.get(STREAM_PATH, { exposeHeadRoute: false }, stream);
  app.post(STREAM_PATH, async (request, reply) =>
    bodyOf(v.strictObject({}), request, reply) ? stream(request, reply) : reply,
  );

  app.post(POLL_PATH, async (request, reply) => {
    const body = bodyOf(PollRequest, request, reply);
    if (!body) return reply;
    const { connection, cursor } = body;
    if (connection === undefined) {
      const opened = await open(request, reply, 'poll', (id) => new PollSocket(id));
      if (!opened) return reply;
      const { socket, player } = opened;
      return answer(reply, await holder.answer({ kind: 'poll', connection: socket.id, player, cursor: 0 }));
    }
    const session = await handshake.again(request.raw);
    if ('status' in session) return refuse(reply, session);
    return answer(reply, await ask({ kind: 'poll', connection, player: session.player.id, cursor }));
  });

  app.post(SEND_PATH, { bodyLimit: SEND_BYTES }, async (request, reply) => {
    const body = bodyOf(SendRequest, request, reply);
    if (!body) return reply;
    const session = await handshake.again(request.raw);
    if ('status' in session) return refuse(reply, session);
    const { connection, number, messages, close = false } = body;
    const player = session.player.id;
    return answer(reply, await ask({ kind: 'send', connection, player, number, messages, isLast: close }));
  });
}
