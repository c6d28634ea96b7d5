import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';
import type { HttpSocket } from './http-socket.ts';
import { PollSocket } from './poll-socket.ts';

/** A request for a connection, passed on to the replica that holds it. */
export type Asked = {
  readonly connection: string;
  /** The player that sends the request. */
  readonly player: string;
} & (
  | { readonly kind: 'poll'; readonly cursor: number }
  | { readonly kind: 'send'; readonly number: number; readonly messages: readonly unknown[]; readonly isLast: boolean }
);

/** `gone`: there is no such connection, or not of this player. `order`: something came before its turn, or too late. */
export type Answer =
  | { readonly tag: 'done'; readonly text?: string }
  | { readonly tag: 'gone' }
  | { readonly tag: 'order' };

const GONE: Answer = { tag: 'gone' };
const ORDER: Answer = { tag: 'order' };

/** The connections of this replica to which requests come one by one. */
export class Holder {
  readonly #sockets = new Map<string, { socket: HttpSocket; player: string }>();

  get size(): number {
    return this.#sockets.size;
  }

  /** Holds it until it has ended. */
  add(socket: HttpSocket, player: string): void {
    this.#sockets.set(socket.id, { socket, player });
    void socket.ended.then(() => this.#sockets.delete(socket.id));
  }

  async answer(asked: Asked): Promise<Answer> {
    const held = this.#sockets.get(asked.connection);
    if (held?.player !== asked.player) return GONE;
    const { socket } = held;
    if (asked.kind === 'send') {
      return socket.receive(asked.number, asked.messages, asked.isLast) ? { tag: 'done' } : ORDER;
    }
    if (!(socket instanceof PollSocket)) return ORDER;
    const polled = await socket.poll(asked.cursor);
    if (polled === 'gone') return GONE;
    return polled === 'outdated' ? ORDER : { tag: 'done', text: polled.text };
  }
}

const CHANNEL = 'gridlock:transport:';

/** `silent`: the holder did not answer in time. */
export type Relayed = Answer | { readonly tag: 'silent' };

export interface RelayOptions {
  readonly redis: Pick<Store, 'spublish'>;
  readonly bus: Pick<Bus, 'listen' | 'unlisten'>;
  /** APPID of this replica. */
  readonly replica: string;
  /** Answers a request for a connection of this replica that came to another one. */
  readonly onAsked: (asked: Asked) => Promise<Answer>;
}

interface Question {
  readonly id: number;
  readonly from: string;
  readonly asked: Asked;
}
interface Reply {
  readonly id: number;
  readonly answer: Answer;
}

/** Asks the replica that holds a connection, over Redis, so that replicas need no connection to each other. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  // Answers to a process that had the name before are not meant for this one.
  #id = Math.floor(Math.random() * 2 ** 40);

  constructor(options: RelayOptions) {
    this.#options = options;
    options.bus.listen(`${CHANNEL}${options.replica}`, { message: (payload) => this.#take(payload) });
  }

  /** Resolves with the answer of `holder` within `timeoutMs`. Rejects if it could not be asked. */
  async ask(holder: string, asked: Asked, timeoutMs: number): Promise<Relayed> {
    const id = (this.#id += 1);
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Relayed>((resolve) => {
      this.#waiting.set(id, resolve);
      timer = setTimeout(() => resolve({ tag: 'silent' }), timeoutMs);
    });
    try {
      const listeners = await this.#send(holder, { question: { id, from: this.#options.replica, asked } });
      return listeners === 0 ? { tag: 'gone' } : await answered;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  stop(): void {
    this.#options.bus.unlisten(`${CHANNEL}${this.#options.replica}`);
  }

  #send(replica: string, message: { question: Question } | { reply: Reply }): Promise<number> {
    return this.#options.redis.spublish(`${CHANNEL}${replica}`, JSON.stringify(message)) as Promise<number>;
  }

  #take(payload: string): void {
    const { question, reply } = JSON.parse(payload) as { question?: Question; reply?: Reply };
    if (reply) this.#waiting.get(reply.id)?.(reply.answer);
    if (question) void this.#answer(question);
  }

  async #answer({ id, from, asked }: Question): Promise<void> {
    // A failure must affect only this request.
    const answer = await this.#options.onAsked(asked).catch((): Answer => ({ tag: 'gone' }));
    // A lost message is requested again.
    await this.#send(from, { reply: { id, answer } }).catch(() => undefined);
  }
}
