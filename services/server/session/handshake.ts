import type { IncomingMessage } from 'node:http';
import type { SpanContext } from '@opentelemetry/api';
import * as v from 'valibot';
import { Attempt, GameCode, Slot, sessionCookie, TOKEN_PROTOCOL, type Transport } from '../../protocol/index.ts';
import { Refusal } from '../authority/game-authority.ts';
import type { ReplicaLimits } from '../limits.ts';
import type { Trace, Traces } from '../traces/traces.ts';
import type { TransportSocket } from '../transport/transport-socket.ts';
import type { Allowances } from './allowances.ts';
import { addressGroup, type ClientAddress } from './client-address.ts';
import { KeysUnavailable } from './issuer-keys.ts';
import { bearerToken, type Session, type Sessions } from './sessions.ts';

/** Why a request is turned away, as in the metrics. */
export type RefusedReason =
  | Turned
  | 'path'
  | 'version'
  | 'draining'
  | 'origin'
  | 'token'
  | 'issuer'
  | 'late'
  | 'store'
  | 'store_full'
  | 'refusals'
  | 'sockets'
  | 'internal';

export interface Refused {
  readonly status: number;
  readonly reason: RefusedReason;
  readonly headers?: Record<string, string>;
}

/** A connection that may begin. */
export interface Accepted {
  readonly socket: TransportSocket;
  readonly session: Session;
  readonly generation: number;
  readonly origin: string | undefined;
  readonly address: string;
  /** The game in the connection's address, by which the edge may have chosen this replica. */
  readonly game: string | undefined;
  /** The trace of the handshake; undefined if traces are off. */
  readonly handshake: SpanContext | undefined;
}

export interface HandshakeOptions {
  readonly sessions: Sessions;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly parseCookie: (header: string) => Record<string, string | undefined>;
  readonly clientAddress: ClientAddress;
  readonly admission: Admission;
  readonly allowances: Allowances;
  readonly traces: Traces | undefined;
  readonly isDraining: () => boolean;
  /** The generation of the new socket of a session; rejects with a `Refusal`. */
  readonly fence: (session: Session, attempt: string | undefined) => Promise<number>;
}

/** Decides who may come in, whatever the transport. */
export class Handshake {
  readonly #options: HandshakeOptions;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  addressOf(request: IncomingMessage): string {
    return this.#options.clientAddress.of(request);
  }

  /** Begins the trace of a request for a connection; undefined if traces are off. */
  trace(request: IncomingMessage, transport: Transport): Trace | undefined {
    const { traces, clientAddress } = this.#options;
    if (traces === undefined) return undefined;
    // A context that no trusted proxy sent is ignored, or clients could have all of their requests traced.
    const told = clientAddress.isProxied(request) ? request.headers['traceparent'] : undefined;
    return traces.handshake(transport, typeof told === 'string' ? told : undefined);
  }

  /**
   * A place for a connection from an address. It is taken before costly checks: without a place, the token is not
   * checked.
   */
  place(address: string): Place | Refused {
    const group = addressGroup(address);
    const wait = this.#options.allowances.shutOut(group);
    if (wait > 0) return tooMany('refusals', wait);
    const place = this.#options.admission.enter(group);
    return typeof place === 'string' ? TURNED_AWAY[place] : place;
  }

  /** The player who opens a connection; without `fenced` the player's other socket stays. */
  async open(
    request: IncomingMessage,
    trace: Trace | undefined,
    fenced = true,
  ): Promise<Refused | { session: Session; generation: number }> {
    const { sessions, allowances, isDraining, fence } = this.#options;
    if (isDraining()) return { status: 503, reason: 'draining', headers: { 'Retry-After': '1' } };
    const identifying = trace?.step('identify');
    const session = await this.#identify(request, (token) => sessions.read(token));
    identifying?.end();
    if ('status' in session) return session;
    const wait = allowances.socket(session.player.id);
    if (wait > 0) return tooMany('sockets', wait);
    if (!fenced) return { session, generation: 0 };
    const fencing = trace?.step('fence');
    try {
      return { session, generation: await fence(session, attemptOf(request.url)) };
    } catch (error) {
      if (error instanceof Refusal && error.code === 'unauthorized') return UNAUTHORIZED;
      if (error instanceof Refusal && error.code === 'superseded') return LATE;
      if (error instanceof Refusal && error.code === 'rate_limited')
        return tooMany('sockets', error.retryAfterMs ?? 1000);
      if (error instanceof Refusal && error.code === 'cluster_full') return STORE_FULL;
      return { status: 503, reason: 'store', headers: { 'Retry-After': '2' } };
    } finally {
      fencing?.end();
    }
  }

  /**
   * The player of a request that belongs to a connection. The connection ends with its own token, which may have been
   * refreshed; the token in the request may be older.
   */
  again(request: IncomingMessage): Promise<Refused | Session> {
    return this.#identify(request, (token) => this.#options.sessions.readToContinue(token));
  }

  async #identify(
    request: IncomingMessage,
    read: (token: string) => Promise<Session | undefined>,
  ): Promise<Refused | Session> {
    const { allowedOrigins } = this.#options;
    const { origin, authorization, cookie } = request.headers;
    const token = bearerToken(authorization) ?? offeredToken(request.headers['sec-websocket-protocol']);
    // A page of another origin could use the cookie, but it cannot send a token that it does not know.
    const isPage = origin !== undefined || (token === undefined && cookie !== undefined);
    if (isPage && !allowedOrigins.has(origin ?? '')) return { status: 403, reason: 'origin' };
    try {
      return (await read(token ?? this.#cookieToken(request) ?? '')) ?? UNAUTHORIZED;
    } catch (error) {
      if (error instanceof KeysUnavailable) return NO_KEYS;
      throw error;
    }
  }

  #cookieToken({ url = '', headers }: IncomingMessage): string | undefined {
    const slot = URL.parse(url, 'http://replica')?.searchParams.get('slot') ?? '0';
    if (!v.is(Slot, slot)) return undefined;
    return this.#options.parseCookie(headers.cookie ?? '')[sessionCookie(slot)];
  }
}

function offeredToken(protocols = ''): string | undefined {
  const offer = protocols.split(',').map((one) => one.trim());
  return offer.find((one) => one.startsWith(TOKEN_PROTOCOL))?.slice(TOKEN_PROTOCOL.length);
}

/** As HAProxy's `balance url_param`: parameters lie between `&` behind the first `?`, and the first of the name counts. */
const FIRST_GAME = /^[^?]*\?(?:[^&]*&)*?game=([^&]*)/;

/**
 * The `game` in the address of a request, if it can be one: read as the edge does, which decodes nothing. The edge did
 * not route a request with another spelling by it, so such a request must not move the game away from its players.
 */
export function routedGame(url = ''): string | undefined {
  const value = FIRST_GAME.exec(url)?.[1];
  return v.is(GameCode, value) ? value : undefined;
}

const attemptOf = (url: string | undefined): string | undefined => parameterOf(url, 'attempt', Attempt);

function parameterOf<S extends v.GenericSchema<string>>(url = '', name: string, schema: S): string | undefined {
  if (!url.includes('?')) return undefined;
  const value = URL.parse(url, 'http://replica')?.searchParams.get(name);
  return v.is(schema, value) ? value : undefined;
}

/** Ends the trace of a refused request. */
export const endRefused = (trace: Trace | undefined, { status, reason }: Refused): void =>
  trace?.end({ 'http.response.status_code': status, 'gridlock.refused': reason });

const UNAUTHORIZED: Refused = { status: 401, reason: 'token', headers: { 'WWW-Authenticate': 'Bearer' } };
const tooMany = (reason: 'sockets' | 'refusals', waitMs: number): Refused => ({
  status: 429,
  reason,
  headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) },
});
const LATE: Refused = { status: 409, reason: 'late' };
const LATER = { 'Retry-After': '5' };
const STORE_FULL: Refused = { status: 503, reason: 'store_full', headers: LATER };
const NO_KEYS: Refused = { status: 503, reason: 'issuer', headers: { 'Retry-After': '2' } };
const TURNED_AWAY: Record<Turned, Refused> = {
  full: { status: 503, reason: 'full', headers: LATER },
  players: { status: 503, reason: 'players', headers: LATER },
  address: { status: 429, reason: 'address', headers: LATER },
};

/** The answer to a client that is turned away. */
export const SENTENCES: Readonly<Partial<Record<RefusedReason, string>>> = {
  draining: 'This replica is going away; try again.',
  origin: 'Pages of this origin may not connect.',
  token: 'The player token is missing, expired or not valid; get one from POST /api/session.',
  issuer: 'The keys of the issuer of this token cannot be read now; try again.',
  late: 'The client has connected with a newer attempt.',
  store_full: 'The store has no room for another player; try again later.',
  store: 'The store is not available; try again.',
  full: 'This replica has as many sockets as allowed; try again later.',
  players: 'The cluster has as many players as allowed; try again later.',
  address: 'Your address has as many sockets as allowed; close some or try again later.',
  refusals: 'Too many requests from your address were refused; try again later.',
  sockets: 'You opened too many sockets within a minute; try again later.',
};

/** The reason for a refusal, as in the metrics. */
export type Turned = 'full' | 'players' | 'address';

/** A place of a socket. */
export interface Place {
  /** The socket is gone, or was never opened. May be called again. */
  leave(): void;
}

/** Counts the sockets of a replica, those under way included, and lets no more in than there is room for. */
export class Admission {
  readonly #limits: ReplicaLimits;
  readonly #elsewhere: () => number;
  readonly #ofAddress = new Map<string, number>();
  #sockets = 0;

  /** `elsewhere`: sockets on the other replicas. */
  constructor(limits: ReplicaLimits, elsewhere: () => number = () => 0) {
    this.#limits = limits;
    this.#elsewhere = elsewhere;
  }

  get sockets(): number {
    return this.#sockets;
  }

  /** Takes a place for a socket from `address`, or says what is full. */
  enter(address: string): Place | Turned {
    const { sockets, players, perAddress } = this.#limits;
    const own = this.#ofAddress.get(address) ?? 0;
    if (this.#sockets >= sockets) return 'full';
    if (this.#sockets + this.#elsewhere() >= players) return 'players';
    if (own >= perAddress.sockets) return 'address';
    this.#sockets += 1;
    this.#ofAddress.set(address, own + 1);
    let isTaken = true;
    return {
      leave: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#sockets -= 1;
        const left = this.#ofAddress.get(address)! - 1;
        if (left > 0) this.#ofAddress.set(address, left);
        else this.#ofAddress.delete(address);
      },
    };
  }
}
