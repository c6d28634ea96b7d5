import { randomBytes } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import {
  CLOSE_CODES, decodeClientFrame, LIMITS, SUBPROTOCOL,
  type ClientMessage, type CloseName, type ErrorCode, type PlayerRef, type ServerMessage,
} from '../protocol/index.ts';
import { Heartbeat } from './heartbeat.ts';
import { TokenBucket } from './limiter.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { Outbox } from './outbox.ts';
import { Packet } from './packet.ts';

/** How long a peer has to answer our close frame before the connection is cut. */
const CLOSE_MS = 2000;
const MINUTE_MS = 60_000;
/** setTimeout runs at once when asked to wait longer than this. */
const LONGEST_MS = 2 ** 31 - 1;

export interface ConnectionOptions {
  readonly socket: WebSocket;
  readonly player: PlayerRef;
  readonly generation: number;
  /** When the player token ends, in milliseconds since the Unix epoch by this machine's clock. */
  readonly expiresAt: number;
  readonly replica: string;
  readonly heartbeatMs: number;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Takes every message that is well-formed and within the rate. */
  readonly onMessage: (connection: Connection, message: ClientMessage) => void;
  /** The connection is over, seen from here: nothing is delivered to it any longer. Called once. */
  readonly onClosed: (connection: Connection) => void;
}

/** One socket of a player: what comes in is checked and passed on, what goes out is gathered and bounded. */
export class Connection {
  readonly id = randomBytes(9).toString('base64url');
  readonly player: PlayerRef;
  readonly generation: number;
  readonly log: Logger;
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  readonly #expiry: NodeJS.Timeout;
  readonly #rate = new TokenBucket(LIMITS.messagesPerSecond, LIMITS.messageBurst, performance.now());
  #refused = { count: 0, since: performance.now() };
  #open = true;
  #closedAs: CloseName | undefined;

  constructor(options: ConnectionOptions) {
    const { socket, player, generation, expiresAt, heartbeatMs, log } = options;
    this.#options = options;
    this.#socket = socket;
    this.player = player;
    this.generation = generation;
    this.log = log.child({ connection: this.id, player: player.id });
    this.#outbox = new Outbox(socket, LIMITS.sendQueueBytes, () => this.close('slowConsumer'));
    this.#heartbeat = new Heartbeat(heartbeatMs, {
      ping: () => socket.ping(),
      dead: () => this.close('heartbeatTimeout'),
    });
    const lifetime = Math.min(Math.max(expiresAt - Date.now(), 0), LONGEST_MS);
    this.#expiry = setTimeout(() => this.close('unauthorized'), lifetime);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('ping', () => this.#heartbeat.heard());
    socket.on('pong', () => this.#heartbeat.heard());
    // The close event follows, with the code that tells what was wrong.
    socket.on('error', (error) => this.log.debug({ reason: error.message }, 'socket error'));
    socket.on('close', (code) => this.#closed(code));
    this.#welcome();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  send(message: ServerMessage): void {
    this.deliver(Packet.of(message));
  }

  deliver(packet: Packet): void {
    if (!this.#open) return;
    this.#options.metrics.messagesOut.inc({ type: packet.type });
    this.#outbox.push(packet);
  }

  error(code: ErrorCode, message: string, id?: string, retryAfterMs?: number): void {
    this.send({
      type: 'error',
      code,
      message,
      ...(id === undefined ? {} : { id }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  /** Closes with the code of the table; what was said before still goes out. */
  close(name: CloseName): void {
    if (!this.#open) return;
    this.#outbox.flush();
    // A flush that overflows closes by itself.
    if (!this.#open) return;
    this.#closedAs = name;
    this.#socket.close(CLOSE_CODES[name].code, name);
    // A peer that is not there will not answer.
    setTimeout(() => this.#socket.terminate(), name === 'heartbeatTimeout' ? 100 : CLOSE_MS).unref();
    this.#over();
  }

  #welcome(): void {
    const { replica, heartbeatMs, now } = this.#options;
    const { messageBytes, messagesPerSecond, chatLength, resumeWindowMs } = LIMITS;
    this.send({
      type: 'welcome',
      protocol: SUBPROTOCOL,
      replica,
      connection: this.id,
      player: this.player,
      heartbeatMs,
      now: now(),
      limits: { messageBytes, messagesPerSecond, chatLength, resumeWindowMs },
    });
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#heartbeat.heard();
    if (!this.#open) return;
    if (isBinary) return this.close('unsupportedData');
    const { metrics } = this.#options;
    const decoded = decodeClientFrame((data as Buffer).toString('utf8'));
    const wait = this.#rate.take(performance.now());
    metrics.messagesIn.inc({ type: decoded.ok ? decoded.message.type : 'refused' });
    if (wait > 0) {
      const id = decoded.ok ? ('id' in decoded.message ? decoded.message.id : undefined) : decoded.refusal.id;
      this.error('rate_limited', `Too many messages; wait ${wait} ms.`, id, wait);
      this.#countRefusal('rateLimited');
    } else if (!decoded.ok) {
      const { code, message, id } = decoded.refusal;
      this.error(code, message, id);
      this.#countRefusal('badMessages');
    } else {
      this.#options.onMessage(this, decoded.message);
    }
  }

  #countRefusal(closeAs: CloseName): void {
    const now = performance.now();
    if (now - this.#refused.since > MINUTE_MS) this.#refused = { count: 0, since: now };
    this.#refused.count += 1;
    if (this.#refused.count > LIMITS.badMessagesPerMinute) this.close(closeAs);
  }

  #closed(code: number): void {
    const { metrics } = this.#options;
    const counted = this.#closedAs ? CLOSE_CODES[this.#closedAs].code : boundedCode(code);
    metrics.closes.inc({ code: String(counted) });
    this.log.info({ code, closedAs: this.#closedAs }, 'connection closed');
    this.#over();
  }

  #over(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#heartbeat.stop();
    clearTimeout(this.#expiry);
    this.#options.onClosed(this);
  }
}

const KNOWN_CODES: ReadonlySet<number> = new Set(Object.values(CLOSE_CODES).map(({ code }) => code));
// A client may close with any code: the metric must not grow a series for each.
const boundedCode = (code: number) => (code === 1005 || KNOWN_CODES.has(code) ? code : 'other');
