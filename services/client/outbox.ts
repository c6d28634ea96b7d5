import type { Request, ServerMessageOf } from '../protocol/index.ts';
import { Backoff } from './backoff.ts';
import type { Clock, Timer } from './clock.ts';
import { GridlockError } from './errors.ts';
import type { ClientOptions } from './options.ts';

export type Ack = ServerMessageOf<'ack'>;

interface RequestHandlers {
  onAck(ack: Ack): void;
  onError(error: GridlockError): void;
}

/** `client`: outlives the connection and is sent again on the next. `connection`: part of restoring this one. */
type Scope = 'client' | 'connection';

interface Pending {
  readonly request: Request;
  readonly handlers: RequestHandlers;
  readonly scope: Scope;
  readonly deadline: number;
  readonly backoff: Backoff;
  /** Whether it was sent on the present connection. */
  inFlight: boolean;
  everSent: boolean;
  notBefore: number;
  timer: Timer;
}

/**
 * Keeps requests until they are answered, in the order in which they were made. A repeated request has the same id, and
 * all are sent within the rate that the server allows.
 */
export class Outbox {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #options: ClientOptions;
  readonly #transmit: (request: Request) => void;
  readonly #pending = new Map<string, Pending>();
  #gate: 'shut' | 'restoring' | 'open' = 'shut';
  #perSecond = 1;
  #tokens = 0;
  #refilledAt = 0;
  #holdUntil = 0;
  /** Publishing has a separate rate, so that commands do not wait for it. */
  #holdPublishUntil = 0;
  #pumpTimer: Timer;

  constructor(clock: Clock, random: () => number, options: ClientOptions, transmit: (request: Request) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
    this.#transmit = transmit;
  }

  /** Requests of the caller that wait for their answer. */
  get size(): number {
    let size = 0;
    for (const pending of this.#pending.values()) if (pending.scope === 'client') size++;
    return size;
  }

  has(types: readonly Request['type'][]): boolean {
    return [...this.#pending.values()].some(({ request }) => types.includes(request.type));
  }

  add(request: Request, scope: Scope, handlers: RequestHandlers): void {
    const { queueLimit, requestTimeoutMs, backoffBaseMs, backoffCapMs } = this.#options;
    if (scope === 'client' && this.size >= queueLimit) {
      const message = `${queueLimit} requests wait for an answer already; wait until some are answered.`;
      return handlers.onError(new GridlockError('queue_full', message));
    }
    const pending: Pending = {
      request,
      handlers,
      scope,
      deadline: this.#clock.now() + requestTimeoutMs,
      backoff: new Backoff(this.#random, backoffBaseMs, backoffCapMs),
      inFlight: false,
      everSent: false,
      notBefore: 0,
      timer: undefined,
    };
    this.#pending.set(request.id, pending);
    const queueMaxAgeMs = scope === 'client' ? this.#options.queueMaxAgeMs : Infinity;
    const firstCheckMs = Math.min(queueMaxAgeMs, requestTimeoutMs);
    pending.timer = this.#clock.setTimeout(() => this.#expire(pending), firstCheckMs);
    this.#pump();
  }

  /** A socket is open: requests of scope `connection` may be sent, at most `perSecond`. */
  connected(perSecond: number): void {
    this.#gate = 'restoring';
    this.#perSecond = Math.max(1, perSecond);
    this.#tokens = this.#perSecond;
    this.#refilledAt = this.#clock.now();
    this.#pump();
  }

  /** Games and channels are restored: the rest may be sent, in order. */
  release(): void {
    this.#gate = 'open';
    this.#pump();
  }

  /** The socket is gone. */
  cut(): void {
    this.#gate = 'shut';
    this.#holdUntil = 0;
    this.#holdPublishUntil = 0;
    this.#stopPump();
    for (const pending of [...this.#pending.values()]) {
      pending.inFlight = false;
      pending.notBefore = 0;
      if (pending.scope === 'connection') this.#fail(pending, lost());
    }
  }

  ack(ack: Ack): void {
    const pending = this.#pending.get(ack.id);
    if (!pending) return;
    this.#settle(pending);
    pending.handlers.onAck(ack);
  }

  /** Returns false when no request that is waiting has the error's id. */
  refuse(message: ServerMessageOf<'error'>): boolean {
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (!pending) return false;
    const { request } = pending;
    const error = GridlockError.of(message, {
      game: 'game' in request ? (request.game as string) : undefined,
      channel: 'channel' in request ? (request.channel as string) : undefined,
    });
    const retryAt = this.#clock.now() + (message.retryAfterMs ?? pending.backoff.next());
    if (error.final || retryAt >= pending.deadline) this.#fail(pending, error);
    // A draining replica answers no further requests, so this one is sent again on the next connection.
    else if (message.code !== 'draining') {
      pending.inFlight = false;
      pending.notBefore = retryAt;
      if (message.code === 'rate_limited') this.#hold(request, retryAt);
      this.#pump();
    }
    return true;
  }

  #hold({ type }: Request, until: number): void {
    if (type === 'publish') this.#holdPublishUntil = Math.max(this.#holdPublishUntil, until);
    else this.#holdUntil = Math.max(this.#holdUntil, until);
  }

  rejectAll(error: GridlockError): void {
    for (const pending of [...this.#pending.values()]) this.#fail(pending, error);
    this.#stopPump();
  }

  #pump(): void {
    this.#stopPump();
    if (this.#gate === 'shut') return;
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#refilledAt) * this.#perSecond) / 1000);
    this.#refilledAt = now;
    let wakeAt = Infinity;
    for (const pending of this.#pending.values()) {
      if (pending.inFlight || (pending.scope === 'client' && this.#gate !== 'open')) continue;
      const tokenAt = this.#tokens >= 1 ? now : now + Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond);
      const heldUntil = pending.request.type === 'publish' ? this.#holdPublishUntil : 0;
      const readyAt = Math.max(pending.notBefore, this.#holdUntil, heldUntil, tokenAt);
      if (readyAt > now) {
        wakeAt = Math.min(wakeAt, readyAt);
        continue;
      }
      this.#tokens--;
      pending.inFlight = true;
      pending.everSent = true;
      this.#transmit(pending.request);
    }
    if (wakeAt < Infinity) this.#pumpTimer = this.#clock.setTimeout(() => this.#pump(), wakeAt - now);
  }

  #stopPump(): void {
    this.#clock.clearTimeout(this.#pumpTimer);
    this.#pumpTimer = undefined;
  }

  #expire(pending: Pending): void {
    const { type } = pending.request;
    if (!pending.everSent) {
      const message = `There was no connection for too long: "${type}" was not sent.`;
      return this.#fail(pending, new GridlockError('queue_expired', message));
    }
    const leftMs = pending.deadline - this.#clock.now();
    if (leftMs > 0) pending.timer = this.#clock.setTimeout(() => this.#expire(pending), leftMs);
    else {
      const message = `The server did not answer "${type}" in time; whether it was applied is unknown.`;
      this.#fail(pending, new GridlockError('timeout', message));
    }
  }

  #settle(pending: Pending): void {
    this.#clock.clearTimeout(pending.timer);
    this.#pending.delete(pending.request.id);
  }

  #fail(pending: Pending, error: GridlockError): void {
    this.#settle(pending);
    pending.handlers.onError(error);
  }
}

function lost(): GridlockError {
  return new GridlockError('connection_lost', 'The connection was lost before the server answered.');
}
