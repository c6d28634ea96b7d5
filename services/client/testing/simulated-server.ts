import { applyEvent, FREE, type GameEvent, type GameState, type GridMessageOf } from '../../apps/grid/grid.ts';
import {
  type ClientMessageInput,
  type KernelRequest,
  LIMITS,
  type ServerMessage,
  type ServerMessageOf,
} from '../../protocol/index.ts';
import type { Platform, SocketHandlers } from '../platform.ts';
import type { FakeClock } from './fake-clock.ts';

type Capture = { readonly type: 'capture'; readonly id: string; readonly cell: number };
type Resume = Extract<KernelRequest, { type: 'resume' }>;
type Received =
  | Capture
  | Extract<KernelRequest, { type: 'join' | 'resume' }>
  | Extract<ClientMessageInput, { type: 'ping' }>;
type Answer = { seq: number } | { code: 'cell_taken' };

const GAME = 'ABCDEF';
const LATENCY_MS = 20;

interface Line {
  alive: boolean;
  attached: boolean;
  readonly handlers: SocketHandlers;
}

/**
 * One correct game behind a faulty network: connections are cut with messages in flight, and single messages of the
 * server are lost or duplicated. Messages never overtake each other.
 */
export class SimulatedServer {
  readonly clock: FakeClock;
  epoch = 'e1';
  state: GameState | undefined;
  readonly history: GridMessageOf<'event'>[] = [];
  /** Events up to here can no longer be replayed. */
  trimmedTo = 0;
  /** The fate of the next messages of the server, one entry for each. */
  readonly faults: ('lose' | 'repeat')[] = [];
  /** The errors with which the next requests are refused. */
  readonly refusals: ('unavailable' | 'rate_limited')[] = [];
  /** Messages under way, each a timer. */
  running = 0;
  readonly #answers = new Map<string, Answer>();
  #line: Line | undefined;
  #connections = 0;

  constructor(clock: FakeClock, settings: { players: number; size: number; seconds: number }) {
    this.clock = clock;
    this.#append({ kind: 'created', settings });
    this.#append({ kind: 'joined', player: 'p1', name: 'Ada', seat: 0 });
    this.#append({ kind: 'joined', player: 'p2', name: 'Bob', seat: 1 });
    this.#append({ kind: 'started', startedAt: clock.now(), endsAt: clock.now() + 300_000 });
  }

  platform(random: () => number): Platform {
    return {
      clock: this.clock,
      random,
      createSession: async () => ({ player: { id: 'p1', name: 'Ada' }, expiresAt: this.clock.now() + 43_200_000 }),
      openSocket: (_, handlers) => {
        const line: Line = { alive: true, attached: false, handlers };
        this.#line = line;
        this.#later(line, () => this.#send(line, [this.#welcome()]));
        return {
          send: (text) => this.#later(line, () => this.#receive(line, JSON.parse(text) as Received)),
          close: () => void (line.alive = false),
        };
      },
    };
  }

  /** The network breaks: messages under way in either direction are lost. */
  cut(code = 1006): void {
    const line = this.#line;
    if (!line?.alive) return;
    line.alive = false;
    line.handlers.onClose(code, '');
  }

  /** The other player takes a cell, if it is free. */
  rival(cell: number): void {
    this.#capture(1, cell);
  }

  /** The history up to now cannot be replayed any more; `epoch` says that the store is another one. */
  trim(epoch = this.epoch): void {
    this.trimmedTo = this.history.length;
    this.epoch = epoch;
  }

  #append(event: GameEvent): number {
    const at = this.clock.now();
    this.state = applyEvent(this.state, event, at);
    const seq = this.history.length + 1;
    const message = { type: 'event' as const, game: GAME, epoch: this.epoch, seq, at, event };
    this.history.push(message);
    if (this.#line?.attached) this.#send(this.#line, [message]);
    return seq;
  }

  #capture(seat: number, cell: number): Answer {
    const state = this.state!;
    if (state.cells[cell] !== FREE) return { code: 'cell_taken' };
    const scores = state.players.map(({ score }, index) => score + (index === seat ? 1 : 0));
    return { seq: this.#append({ kind: 'captured', player: state.players[seat]!.id, seat, cell, scores }) };
  }

  #receive(line: Line, message: Received): void {
    if (message.type === 'ping') return this.#send(line, [{ type: 'pong', t: message.t, now: this.clock.now() }]);
    const code = this.refusals.shift();
    if (code) {
      return this.#send(line, [{ type: 'error', id: message.id, code, message: 'Not now.', retryAfterMs: 100 }]);
    }
    if (message.type === 'capture') this.#answerCapture(line, message);
    else if (message.type === 'join') {
      line.attached = true;
      this.#send(line, [this.#ack(message.id), this.#snapshot()]);
    } else if (message.type === 'resume') this.#resume(line, message);
  }

  #answerCapture(line: Line, { id, cell }: Capture): void {
    const before = this.#answers.get(id);
    const answer = before ?? this.#capture(0, cell);
    this.#answers.set(id, answer);
    if ('code' in answer) this.#send(line, [{ type: 'error', id, code: answer.code, message: 'Taken.' }]);
    else this.#send(line, [{ ...this.#ack(id), seq: answer.seq, ...(before ? { duplicate: true } : {}) }]);
  }

  #resume(line: Line, { id, epoch, seq }: Resume): void {
    line.attached = true;
    const recovered = epoch === this.epoch && seq >= this.trimmedTo && seq <= this.history.length;
    const ack = { ...this.#ack(id), recovered };
    if (recovered) this.#send(line, [ack, ...this.history.slice(seq)]);
    else this.#send(line, [ack, { ...this.#snapshot(), recovered: false }]);
  }

  #ack(id: string): ServerMessageOf<'ack'> {
    return { type: 'ack', id, game: GAME, epoch: this.epoch, seq: this.history.length };
  }

  #snapshot(): GridMessageOf<'snapshot'> {
    const { epoch, history, clock } = this;
    return { type: 'snapshot', game: GAME, epoch, seq: history.length, now: clock.now(), state: this.state! };
  }

  #welcome(): ServerMessage {
    const { messageBytes, messagesPerSecond, resumeWindowMs } = LIMITS;
    return {
      type: 'welcome',
      protocol: 'gridlock.v1',
      replica: '1111',
      connection: `c${++this.#connections}`,
      player: { id: 'p1', name: 'Ada' },
      heartbeatMs: 15_000,
      now: this.clock.now(),
      limits: { messageBytes, messagesPerSecond, resumeWindowMs },
    };
  }

  #send(line: Line, messages: readonly ServerMessage[]): void {
    for (const message of messages) {
      const fault = message.type === 'welcome' || message.type === 'pong' ? undefined : this.faults.shift();
      const copies = fault === 'lose' ? 0 : fault === 'repeat' ? 2 : 1;
      const text = JSON.stringify(message);
      for (let copy = 0; copy < copies; copy++) this.#later(line, () => line.handlers.onMessage(text));
    }
  }

  #later(line: Line, action: () => void): void {
    this.running++;
    this.clock.setTimeout(() => {
      this.running--;
      if (line.alive) action();
    }, LATENCY_MS);
  }
}
