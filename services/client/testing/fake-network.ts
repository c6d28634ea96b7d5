import assert from 'node:assert/strict';
import { type Grid, grid } from '../../apps/grid/grid.ts';
import {
  type ClientMessageInput,
  type CommandInput,
  type KernelRequest,
  LIMITS,
  type Request,
  type ServerMessage,
} from '../../protocol/index.ts';
import { GridlockClient } from '../client.ts';
import type { GridlockError } from '../errors.ts';
import type { ClientEvents } from '../events.ts';
import type { ClientOptions } from '../options.ts';
import type { Platform, SessionCall, SocketHandlers, SocketTarget, Store } from '../platform.ts';
import type { RoomEvents } from '../room-events.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { seededRandom } from './random.ts';

export const HEARTBEAT_MS = 15_000;
export const SESSION_MS = 43_200_000;
export const PLAYER = { id: 'p1', name: 'Ada' };

type Sent<T> = T extends KernelRequest['type'] ? Extract<KernelRequest, { type: T }> : CommandInput;

/** One socket as the server sees it. */
export class FakeSocket {
  readonly sent: ClientMessageInput[] = [];
  closedWith: number | undefined;
  readonly #handlers: SocketHandlers;
  readonly target: SocketTarget;

  constructor(target: SocketTarget, handlers: SocketHandlers) {
    this.target = target;
    this.#handlers = handlers;
  }

  /** Path and query without the attempt, which differs each time. */
  get address(): string {
    return this.target.path.replace(/&attempt=[^&]*/, '');
  }

  /** The client that it names, and the number of the attempt. */
  get attempt(): { client: string; number: number } {
    const [client = '', number] = (/[?&]attempt=([^&]*)/.exec(this.target.path)?.[1] ?? '').split('.');
    return { client, number: Number(number) };
  }

  /** The messages of the client except pings. */
  get requests(): Request[] {
    return this.sent.filter((message) => message.type !== 'ping') as Request[];
  }

  /** The last request of a type. */
  request<T extends KernelRequest['type'] | 'capture'>(type: T): Sent<T> {
    const found = this.requests.findLast((request) => request.type === type);
    assert.ok(found, `no "${type}" was sent`);
    return found as Sent<T>;
  }

  say(...messages: ServerMessage[]): void {
    this.sayRaw(JSON.stringify(messages));
  }

  sayRaw(data: unknown): void {
    if (this.closedWith === undefined) this.#handlers.onMessage(data);
  }

  welcome(now: number, connection = 'c1', expiresAt = now + SESSION_MS): void {
    const { messageBytes, messagesPerSecond, resumeWindowMs } = LIMITS;
    const limits = { messageBytes, messagesPerSecond, resumeWindowMs };
    const own = { protocol: 'gridlock.v1', replica: '1111', connection, player: PLAYER };
    this.say({ type: 'welcome', ...own, expiresAt, heartbeatMs: HEARTBEAT_MS, now, limits });
  }

  /** The server, or the network, ends it. */
  end(code: number): void {
    this.closedWith ??= code;
    this.#handlers.onClose(code, '');
  }
}

export class MemoryStore implements Store {
  text: string | undefined;
  read(): string | undefined {
    return this.text;
  }
  write(text: string): void {
    this.text = text;
  }
}

type Told = ClientEvents<Grid> & RoomEvents<Grid>;

/** A client whose network, clock and random numbers a test controls. */
export class Bench {
  readonly clock = new FakeClock();
  readonly sockets: FakeSocket[] = [];
  readonly sessions: SessionCall[] = [];
  /** The events of the client and of each of its rooms. */
  readonly seen: { type: keyof Told; payload: unknown }[] = [];
  readonly endedSessions: SessionCall[] = [];
  /** If given, a cookie carries the token, and this ticket comes with it. */
  ticket: string | undefined;
  /** How long a token is valid. */
  sessionMs = SESSION_MS;
  /** The error of `POST /api/session`. */
  sessionError: Error | undefined;
  readonly client: GridlockClient<Grid>;

  constructor(options: Partial<ClientOptions<Grid>> = {}, { seed = 1, store }: { seed?: number; store?: Store } = {}) {
    const platform: Platform = {
      clock: this.clock,
      random: seededRandom(seed),
      store,
      createSession: async (call) => {
        this.sessions.push(call);
        if (this.sessionError) throw this.sessionError;
        return { player: PLAYER, expiresAt: this.clock.now() + this.sessionMs, ...this.#proof() };
      },
      endSession: async (call) => void this.endedSessions.push(call),
      openSocket: (target, handlers) => {
        const socket = new FakeSocket(target, handlers);
        this.sockets.push(socket);
        return {
          send: (text) => void socket.sent.push(JSON.parse(text) as ClientMessageInput),
          close: (code) => void (socket.closedWith ??= code),
        };
      },
    };
    this.client = new GridlockClient(platform, { room: grid, ...options });
    const types = ['state', 'health', 'message', 'signal', 'presence', 'error'] as const;
    for (const type of types) this.client.on(type, (payload) => void this.seen.push({ type, payload }));
    const ofRooms = ['event', 'snapshot', 'change', 'recovered', 'watchers'] as const;
    this.client.on('room', (room) => {
      for (const type of ofRooms) room.on(type, (payload) => void this.seen.push({ type, payload }));
    });
  }

  #proof() {
    return this.ticket === undefined ? { token: `token-${this.sessions.length}` } : { ticket: this.ticket };
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    return this.sockets.at(-1) ?? assert.fail('no socket was opened');
  }

  events<K extends keyof Told>(type: K): Told[K][] {
    return this.seen.filter((event) => event.type === type).map((event) => event.payload as Told[K]);
  }

  /** Connects and is welcomed. */
  async open(): Promise<FakeSocket> {
    const opened = this.client.connect();
    await settle();
    this.socket.welcome(this.clock.now());
    await opened;
    return this.socket;
  }

  /** Lets the back-off pass and is welcomed on the next socket. */
  async reopen(): Promise<FakeSocket> {
    const before = this.sockets.length;
    for (let tries = 0; this.sockets.length === before && tries < 20; tries++) await this.clock.advanceToNext();
    assert.equal(this.sockets.length, before + 1, 'one more socket was expected');
    this.socket.welcome(this.clock.now(), `c${this.sockets.length}`);
    return this.socket;
  }
}

/** The error of a promise that must be rejected. */
export async function rejection(promise: Promise<unknown>): Promise<GridlockError> {
  return promise.then(
    () => assert.fail('the promise was not rejected'),
    (error: GridlockError) => error,
  );
}
