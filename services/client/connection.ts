import {
  type ClientMessageInput,
  closeCode,
  decodeServerFrame,
  encodeClientMessage,
  type ServerMessage,
  type ServerMessageOf,
  type Transport,
} from '../protocol/index.ts';
import { Backoff } from './backoff.ts';
import type { Clock, Timer } from './clock.ts';
import { GridlockError } from './errors.ts';
import type { ClosedReason, ConnectionState, StateChange } from './events.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ClientOptions } from './options.ts';
import type { Platform, Socket, SocketTarget } from './platform.ts';
import { openerOf, supported, TransportChoice } from './transports/choice.ts';

interface ConnectionHandlers {
  /** Makes sure that there is a session; with `renew`, makes a new one. */
  authenticate(renew: boolean): Promise<void>;
  /** Called once for each socket. `rebalance`: the previous replica asked the client to choose another. */
  target(rebalance: boolean): SocketTarget;
  onState(change: StateChange): void;
  onWelcome(welcome: ServerMessageOf<'welcome'>): void;
  onMessage(message: ServerMessage): void;
  /** The welcomed socket is gone. */
  onCut(): void;
  onError(error: GridlockError): void;
}

/** After this many sockets that never opened, the token may be the cause: browsers do not report a 401. */
const FAILURES_BEFORE_RENEWAL = 2;
/** After a sign of another network, an attempt that began on the old network is abandoned after this time. */
const HURRY_MS = 5_000;
/** Signs of a change of network cause at most one attempt in this time. */
const RETRY_GAP_MS = 1_000;
/** An address that failed this many times before the first welcome is abandoned; an address that once worked is not. */
const WRONG_TIMES = 3;
/** The longest delay that a server may ask for. */
const LONGEST_WAIT_MS = 300_000;

/** Keeps one socket open, and replaces it as the close codes ask, until it is told to stop. */
export class Connection {
  readonly #platform: Platform;
  readonly #clock: Clock;
  readonly #options: ClientOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #backoff: Backoff;
  readonly #heartbeat: Heartbeat;
  readonly #transports: TransportChoice;
  #state: ConnectionState = 'closed';
  #socket: Socket | undefined;
  /** Identifies the attempt: events of an older one are ignored. */
  #attempt = 0;
  #timer: Timer;
  /** Between two attempts. */
  #waiting = false;
  #begunAt = 0;
  /** Ends an attempt that takes too long. */
  #welcomeBy = Infinity;
  #welcomedBefore = false;
  #everWelcomed = false;
  #failures = 0;
  #wrongTimes = 0;
  #renew = false;
  #reconnectAfterMs: number | undefined;
  #rebalance = false;

  constructor(platform: Platform, clock: Clock, options: ClientOptions, handlers: ConnectionHandlers) {
    this.#platform = platform;
    this.#clock = clock;
    this.#options = options;
    this.#handlers = handlers;
    this.#transports = new TransportChoice(supported(platform, options.transports), () => clock.now());
    this.#backoff = new Backoff(platform.random, options.backoffBaseMs, options.backoffCapMs);
    this.#heartbeat = new Heartbeat(clock, platform.random, {
      ping: () => this.send({ type: 'ping', t: clock.now() }),
      dead: (reason) => this.#lost(4408, reason),
    });
  }

  /** The transport of this connection, or of the next one. */
  get transport(): Transport {
    return this.#transports.current;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Connects now, if closed or waiting for the next attempt. Does nothing during an attempt. */
  open(): void {
    if (this.#state === 'closed' || this.#waiting) this.#begin();
  }

  /**
   * The network may have changed: a socket has to answer soon, and a wait ends. Does nothing while the connection is
   * closed.
   */
  probe(): void {
    if (this.#state === 'open') return this.#heartbeat.probe();
    if (this.#state === 'closed') return;
    const now = this.#clock.now();
    if (!this.#waiting) this.#giveUpAt(Math.min(this.#welcomeBy, now + HURRY_MS));
    else if (this.#failures === 0 || now - this.#begunAt >= RETRY_GAP_MS) this.#begin();
  }

  /** Replaces the socket at once, because the address or the token has changed. */
  move(): void {
    if (this.#state === 'closed') return;
    this.#drop(1000, 'moved');
    this.#begin();
  }

  /** Ends the connection; no timer is left running. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#drop(1000, 'closed');
    this.#stop('client', 'The client was closed.');
  }

  /** The socket is open but unusable: back off and make another. */
  fail(message: string): void {
    if (this.#state === 'open') this.#lost(1006, message);
  }

  send(message: ClientMessageInput): void {
    if (this.#state !== 'open') return;
    this.#socket?.send(encodeClientMessage(message));
    if (message.type !== 'ping') this.#heartbeat.asked();
  }

  #begin(): void {
    const attempt = this.#next();
    this.#setState({ state: this.#welcomedBefore ? 'reconnecting' : 'connecting' });
    this.#begunAt = this.#clock.now();
    this.#giveUpAt(this.#begunAt + this.#options.connectTimeoutMs);
    const renew = this.#renew;
    this.#handlers.authenticate(renew).then(
      () => {
        if (attempt !== this.#attempt) return;
        if (renew) this.#renew = false;
        this.#connect(attempt);
      },
      (error: unknown) => {
        if (attempt === this.#attempt) this.#unauthenticated(error);
      },
    );
  }

  #giveUpAt(time: number): void {
    this.#clock.clearTimeout(this.#timer);
    this.#welcomeBy = time;
    this.#timer = this.#clock.setTimeout(() => {
      this.#lost(1006, `There was no welcome within ${Math.round(time - this.#begunAt)} ms.`);
    }, time - this.#clock.now());
  }

  #connect(attempt: number): void {
    const current = (handle: () => void) => {
      if (attempt === this.#attempt) handle();
    };
    try {
      const open = openerOf(this.#platform, this.#transports.next());
      this.#socket = open(this.#handlers.target(this.#rebalance), {
        onMessage: (data) => current(() => this.#receive(attempt, data)),
        onClose: (code, reason) => current(() => this.#lost(code, reason)),
      });
    } catch (error) {
      this.#lost(1006, error instanceof Error ? error.message : String(error));
    }
  }

  #unauthenticated(error: unknown): void {
    const known =
      error instanceof GridlockError
        ? error
        : new GridlockError('session_unavailable', error instanceof Error ? error.message : String(error));
    this.#drop(1000, '');
    this.#handlers.onError(known);
    const { code, message } = known;
    this.#wrongTimes = code === 'wrong_address' ? this.#wrongTimes + 1 : 0;
    const isWrong = this.#wrongTimes >= WRONG_TIMES && !this.#everWelcomed;
    if (code === 'session_refused') this.#stop('session_refused', message);
    else if (isWrong) this.#stop('wrong_address', message);
    else this.#retry(message);
  }

  #receive(attempt: number, data: unknown): void {
    let messages: ServerMessage[];
    try {
      if (typeof data !== 'string') throw new Error('The server sent a binary frame.');
      messages = this.#platform.decode?.(data) ?? decodeServerFrame(data);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#handlers.onError(new GridlockError('protocol_error', message));
      // The content of the frame is lost: only a resume can restore it.
      return this.#lost(1006, message, 4400);
    }
    this.#heartbeat.heard();
    for (const message of messages) {
      if (message.type === 'welcome') this.#welcome(message);
      else if (message.type === 'going_away') this.#goingAway(message);
      else if (message.type === 'pong') this.#heartbeat.measured(Math.max(0, this.#clock.now() - message.t));
      if (message.type !== 'welcome' && this.#state === 'open') this.#handlers.onMessage(message);
      // A handler may have closed or moved the connection.
      if (attempt !== this.#attempt) return;
    }
  }

  #goingAway({ reconnectAfterMs, rebalance }: ServerMessageOf<'going_away'>): void {
    this.#reconnectAfterMs = Math.min(reconnectAfterMs, LONGEST_WAIT_MS);
    this.#rebalance = rebalance === true;
  }

  #welcome(welcome: ServerMessageOf<'welcome'>): void {
    if (this.#state === 'open') return;
    const clock = this.#clock;
    clock.clearTimeout(this.#timer);
    this.#failures = 0;
    this.#transports.worked();
    this.#welcomedBefore = true;
    this.#everWelcomed = true;
    this.#reconnectAfterMs = undefined;
    this.#rebalance = false;
    this.#timer = clock.setTimeout(() => {
      this.#backoff.reset();
      this.#heartbeat.held();
    }, this.#options.stableAfterMs);
    this.#state = 'open';
    this.#heartbeat.start(welcome.heartbeatMs);
    this.#handlers.onWelcome(welcome);
  }

  #lost(code: number, reason: string, sendCode = code === 4408 ? 4408 : 1000): void {
    const { name, advice } = closeCode(code);
    const message = reason || (name === 'abnormal' ? 'The connection broke.' : `It was closed with ${code} (${name}).`);
    const opened = this.#state === 'open';
    this.#drop(sendCode, '');
    if (!opened) {
      this.#failures++;
      if (name === 'abnormal') this.#transports.failed();
      if (this.#failures % FAILURES_BEFORE_RENEWAL === 0) this.#renew = true;
      this.#handlers.onError(new GridlockError('connect_failed', `The connection could not be made: ${message}`));
    }
    if (advice === 'stop') return this.#stop(name as ClosedReason, message);
    if (advice === 'authenticate') this.#renew = true;
    if (name === 'tryAgainLater' || name === 'rateLimited') this.#backoff.penalise();
    this.#retry(message);
  }

  #retry(message: string): void {
    // The application may have closed the client when it learned of the loss.
    if (this.#state === 'closed') return;
    const retryInMs = this.#reconnectAfterMs ?? this.#backoff.next();
    this.#reconnectAfterMs = undefined;
    this.#next();
    this.#waiting = true;
    this.#timer = this.#clock.setTimeout(() => this.#begin(), retryInMs);
    this.#setState({ state: this.#welcomedBefore ? 'reconnecting' : 'connecting', message, retryInMs });
  }

  #stop(reason: ClosedReason, message: string): void {
    if (this.#state === 'closed') return;
    this.#next();
    this.#welcomedBefore = false;
    this.#wrongTimes = 0;
    this.#backoff.reset();
    this.#setState({ state: 'closed', reason, message });
  }

  #drop(code: number, reason: string): void {
    this.#next();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#heartbeat.stop();
    socket?.close(code, reason);
    if (this.#state !== 'open') return;
    this.#state = 'reconnecting';
    this.#handlers.onCut();
  }

  #next(): number {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = false;
    return ++this.#attempt;
  }

  #setState(change: StateChange): void {
    this.#state = change.state;
    this.#handlers.onState(change);
  }
}
