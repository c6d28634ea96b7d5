import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';
import type { Answer, Asked } from './holder.ts';

const CHANNEL = 'gridlock:transport:';

/** `silent`: the holder did not answer in time. */
export type Relayed = Answer | { readonly tag: 'silent' };

export interface RelayOptions {
  readonly redis: Pick<Store, 'spublish'>;
  readonly bus: Pick<Bus, 'listen' | 'unlisten'>;
  /** APPID of this replica. */
  readonly replica: string;
  /** Answers what another replica was asked about a connection that this one holds. */
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

/** Asks the replica that holds a connection, over Redis: replicas need no way to each other. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  // Answers to a process that had the name before are not meant for this one.
  #id = Math.floor(Math.random() * 2 ** 40);

  constructor(options: RelayOptions) {
    this.#options = options;
    options.bus.listen(`${CHANNEL}${options.replica}`, { message: (payload) => this.#take(payload) });
  }

  /** Gives what `holder` answers within `timeoutMs`. Rejects when it could not be asked. */
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
    // A failure is that of one request, and not of everybody here.
    const answer = await this.#options.onAsked(asked).catch((): Answer => ({ tag: 'gone' }));
    // What gets lost is asked for again.
    await this.#send(from, { reply: { id, answer } }).catch(() => undefined);
  }
}
