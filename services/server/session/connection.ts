import { randomBytes } from 'node:crypto';
import type { SpanContext } from '@opentelemetry/api';
import {
  CLOSE_CODES,
  type ClientMessage,
  type CloseName,
  decodeClientFrame,
  LIMITS,
  type PlayerRef,
  type RefusalCode,
  type ServerMessage,
  SUBPROTOCOL,
  type Transport,
} from '../../protocol/index.ts';
import type { ConnectionLog, Logger } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import { Heartbeat, type HeartbeatHooks } from '../transport/heartbeat.ts';
import { Outbox } from '../transport/outbox.ts';
import { Packet } from '../transport/packet.ts';
import type { TransportEvents, TransportSocket } from '../transport/transport-socket.ts';
import type { Allowance } from './allowances.ts';

/** How long a peer has to answer our close frame before the connection is cut. */
const CLOSE_MS = 2000;
const MINUTE_MS = 60_000;

/** A room that a connection follows, as a player or as somebody who watches. */
export interface FollowedRoom {
  readonly game: string;
  readonly isWatching: boolean;
}

/** Carries out the messages of one connection that are well-formed and within the rate. */
export interface RequestHandler {
  /** A request waits for its answer. */
  readonly isBusy: boolean;
  /** The rooms that it follows. */
  readonly rooms: readonly FollowedRoom[];
  follows(game: string): boolean;
  handle(message: ClientMessage): void;
  /** The connection is over. */
  close(): void;
}

export interface ConnectionOptions {
  readonly socket: TransportSocket;
  readonly player: PlayerRef;
  readonly generation: number;
  /** When the player token ends, in milliseconds since the Unix epoch by Redis's clock. */
  readonly expiresAt: number;
  readonly allowance: Allowance;
  /** The group for which its address counts (`addressGroup`). */
  readonly address: string;
  /** Messages a second the player may send. */
  readonly messagesPerSecond: number;
  readonly replica: string;
  /** The trace of the handshake; undefined if traces are off. */
  readonly handshake: SpanContext | undefined;
  readonly heartbeatMs: number;
  /** Whether to name the game in the address: that replica decides quickest. */
  readonly routeByGame: boolean;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly connectionLog: ConnectionLog;
  /** What carries out the requests of a connection, made with its first one: idle connections are the many. */
  readonly requestsOf: (connection: Connection) => RequestHandler;
  /** The connection is over on this side, and nothing more is delivered to it. Called once. */
  readonly onClosed: (connection: Connection) => void;
}

/** One socket of a player. Incoming messages are checked and passed on; outgoing ones are gathered and bounded. */
export class Connection implements TransportEvents, HeartbeatHooks {
  readonly id: string;
  readonly player: PlayerRef;
  readonly generation: number;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  readonly openedAt: number;
  readonly #options: ConnectionOptions;
  readonly #socket: TransportSocket;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  #expiresAt = 0;
  #expiry: NodeJS.Timeout | undefined;
  #refused: { count: number; since: number } | undefined;
  #requests: RequestHandler | undefined;
  #open = true;
  #closedAs: CloseName | undefined;

  constructor(options: ConnectionOptions) {
    const { socket, player, generation, heartbeatMs } = options;
    this.#options = options;
    this.#socket = socket;
    this.id = socket.id ?? randomBytes(9).toString('base64url');
    this.player = player;
    this.generation = generation;
    this.openedAt = options.now();
    this.#outbox = new Outbox(socket, LIMITS.sendQueueBytes, () => this.close('slowConsumer'));
    this.#heartbeat = new Heartbeat(heartbeatMs, this);
    this.extend(options.expiresAt);
    socket.listen(this);
    this.#welcome();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** The trace of the handshake; undefined if traces are off. */
  get handshake(): SpanContext | undefined {
    return this.#options.handshake;
  }

  /** Whether a request waits for its answer. */
  get isBusy(): boolean {
    return this.#requests?.isBusy === true;
  }

  get rooms(): readonly FollowedRoom[] {
    return this.#requests?.rooms ?? [];
  }

  follows(game: string): boolean {
    return this.#requests?.follows(game) === true;
  }

  /** Names the connection in logs. Made only when needed, which is seldom. */
  get log(): Logger {
    return this.#options.log.child({ connection: this.id, player: this.player.id });
  }

  get transport(): Transport {
    return this.#socket.transport;
  }

  get address(): string {
    return this.#options.address;
  }

  get allowance(): Allowance {
    return this.#options.allowance;
  }

  /** When the connection ends because its token expires. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** The player sent a token that is valid until then. The end never moves to an earlier time. */
  extend(expiresAt: number): void {
    if (!this.#open || expiresAt <= this.#expiresAt) return;
    this.#expiresAt = expiresAt;
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    this.#watchExpiry();
  }

  /** Tokens last for hours: the timer is made when the end is near, which each ping looks for. */
  #watchExpiry(): void {
    if (this.#expiry !== undefined) return;
    const left = this.#expiresAt - this.#options.now();
    if (left > 2 * this.#options.heartbeatMs) return;
    this.#expiry = setTimeout(
      () => {
        this.#expiry = undefined;
        // The store's clock may be better known by now than when the timer was made.
        if (this.#expiresAt > this.#options.now()) this.#watchExpiry();
        else this.close('unauthorized');
      },
      Math.max(left, 0),
    );
  }

  send(message: ServerMessage): void {
    this.deliver(Packet.of(message));
  }

  /** Sends at once what would be gathered for a moment. */
  flush(): void {
    if (this.#open) this.#outbox.flush();
  }

  deliver(packet: Packet): void {
    if (!this.#open) return;
    this.#options.metrics.messagesOut.count(packet.type);
    this.#outbox.push(packet);
  }

  error(code: RefusalCode, message: string, id?: string, retryAfterMs?: number): void {
    this.send({
      type: 'error',
      code,
      message,
      ...(id === undefined ? {} : { id }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  /** Closes with the code of the table. Earlier messages are still sent. */
  close(name: CloseName): void {
    if (!this.#open) return;
    this.#outbox.flush();
    // A flush that overflows closes by itself.
    if (!this.#open) return;
    this.#closedAs = name;
    this.#socket.close(CLOSE_CODES[name].code, name);
    // A peer that is gone will not answer.
    setTimeout(() => this.#socket.terminate(), name === 'heartbeatTimeout' ? 100 : CLOSE_MS).unref();
    this.#over();
  }

  #welcome(): void {
    const { replica, heartbeatMs, now, messagesPerSecond, routeByGame } = this.#options;
    const { messageBytes, resumeWindowMs } = LIMITS;
    this.send({
      type: 'welcome',
      protocol: SUBPROTOCOL,
      replica,
      connection: this.id,
      player: this.player,
      expiresAt: this.#expiresAt,
      heartbeatMs,
      ...(routeByGame ? { routeByGame } : {}),
      now: now(),
      limits: { messageBytes, messagesPerSecond, resumeWindowMs },
    });
    this.flush();
  }

  /** Asks the peer whether it is there. */
  ping(): void {
    this.#watchExpiry();
    this.#socket.ping();
  }

  /** The peer was silent for too long. */
  dead(): void {
    this.close('heartbeatTimeout');
  }

  heard(): void {
    this.#heartbeat.heard();
  }

  control(bytes: number): void {
    this.#heartbeat.heard();
    if (this.#open && this.#options.allowance.message(bytes) > 0) this.countRefusal('rateLimited');
  }

  tooBig(): void {
    this.close('messageTooBig');
  }

  failed(error: Error): void {
    // The end follows, with the code that tells what was wrong.
    this.log.debug({ reason: error.message }, 'socket error');
  }

  message(data: Buffer, isBinary: boolean): void {
    this.#heartbeat.heard();
    if (!this.#open) return;
    if (isBinary) return this.close('unsupportedData');
    const { metrics, allowance } = this.#options;
    const wait = allowance.message(data.length);
    const decoded = decodeClientFrame(data.toString('utf8'));
    metrics.messagesIn.count(decoded.ok ? decoded.message.type : 'refused');
    if (wait > 0) {
      const id = decoded.ok ? ('id' in decoded.message ? decoded.message.id : undefined) : decoded.refusal.id;
      this.error('rate_limited', `Too many messages or bytes; wait ${wait} ms.`, id, wait);
      this.countRefusal('rateLimited');
    } else if (!decoded.ok) {
      const { code, message, id } = decoded.refusal;
      this.error(code, message, id);
      this.countRefusal('badMessages');
    } else {
      this.#requests ??= this.#options.requestsOf(this);
      this.#requests.handle(decoded.message);
    }
  }

  /** A request was refused as malformed or too many. A client that goes on like this is closed. */
  countRefusal(closeAs: CloseName): void {
    const now = performance.now();
    if (!this.#refused || now - this.#refused.since > MINUTE_MS) this.#refused = { count: 0, since: now };
    this.#refused.count += 1;
    const isWithin = this.#options.allowance.refused();
    if (!isWithin || this.#refused.count > LIMITS.badMessagesPerMinute) this.close(closeAs);
  }

  closed(code: number): void {
    const { metrics, connectionLog } = this.#options;
    const counted = this.#closedAs ? CLOSE_CODES[this.#closedAs].code : boundedCode(code);
    metrics.closes.inc({ code: String(counted) });
    connectionLog.closed({ connection: this.id, player: this.player.id }, { code, closedAs: this.#closedAs });
    this.#over();
  }

  #over(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#heartbeat.stop();
    clearTimeout(this.#expiry);
    this.#options.onClosed(this);
    this.#requests?.close();
  }
}

const KNOWN_CODES: ReadonlySet<number> = new Set(Object.values(CLOSE_CODES).map(({ code }) => code));
// A client may close with any code, and the metric must not get a series for each.
const boundedCode = (code: number) => (code === 1005 || KNOWN_CODES.has(code) ? code : 'other');
