import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';

const CHANNEL = 'gridlock:calls:';
/** How long to wait for an answer. */
const ANSWER_MS = 2000;

/** `nobody`: no process listens under that name. `silent`: it did not answer in time, or the store did not. */
export type Called<Answer> =
  | { readonly tag: 'answer'; readonly answer: Answer }
  /** The replica could not carry out the request, and says why. */
  | { readonly tag: 'failed'; readonly message: string }
  | { readonly tag: 'nobody' | 'silent' };

export interface PeerCallsOptions<Question, Answer> {
  readonly redis: Pick<Store, 'spublish'>;
  readonly bus: Pick<Bus, 'listen' | 'unlisten'>;
  readonly replica: string;
  /** Answers the questions of other replicas. */
  readonly onQuestion: (question: Question) => Promise<Answer>;
  readonly answerMs?: number;
}

type Message<Question, Answer> =
  | { readonly ask: Question; readonly id: number; readonly from: string }
  | { readonly answer: Answer; readonly id: number }
  | { readonly failed: string; readonly id: number };

/** Questions of one replica to another, over Redis, so that replicas need no connection to each other. */
export class PeerCalls<Question, Answer> {
  readonly #options: PeerCallsOptions<Question, Answer>;
  readonly #waiting = new Map<number, (called: Called<Answer>) => void>();
  #id = 0;

  constructor(options: PeerCallsOptions<Question, Answer>) {
    this.#options = options;
    options.bus.listen(`${CHANNEL}${options.replica}`, { message: (payload) => this.#take(payload) });
  }

  /** Never rejects. */
  async ask(replica: string, question: Question): Promise<Called<Answer>> {
    if (replica === this.#options.replica) return this.#answerTo(question);
    const id = (this.#id += 1);
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Called<Answer>>((resolve) => {
      this.#waiting.set(id, resolve);
      timer = setTimeout(() => resolve({ tag: 'silent' }), this.#options.answerMs ?? ANSWER_MS);
    });
    try {
      const listeners = await this.#send(replica, { ask: question, id, from: this.#options.replica });
      return listeners === 0 ? { tag: 'nobody' } : await answered;
    } catch {
      return { tag: 'silent' };
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  stop(): void {
    this.#options.bus.unlisten(`${CHANNEL}${this.#options.replica}`);
  }

  async #answerTo(question: Question): Promise<Called<Answer>> {
    try {
      return { tag: 'answer', answer: await this.#options.onQuestion(question) };
    } catch (error) {
      return { tag: 'failed', message: (error as Error).message };
    }
  }

  #take(payload: string): void {
    const message = JSON.parse(payload) as Message<Question, Answer>;
    if ('ask' in message) void this.#reply(message.from, message.id, message.ask);
    else if ('failed' in message) this.#waiting.get(message.id)?.({ tag: 'failed', message: message.failed });
    else this.#waiting.get(message.id)?.({ tag: 'answer', answer: message.answer });
  }

  async #reply(to: string, id: number, question: Question): Promise<void> {
    const called = await this.#answerTo(question);
    const message = called.tag === 'answer' ? { answer: called.answer, id } : { failed: textOf(called), id };
    // A lost answer counts as silence.
    await this.#send(to, message).catch(() => undefined);
  }

  #send(replica: string, message: Message<Question, Answer>): Promise<number> {
    return this.#options.redis.spublish(`${CHANNEL}${replica}`, JSON.stringify(message)) as Promise<number>;
  }
}

const textOf = <Answer>(called: Called<Answer>): string => (called.tag === 'failed' ? called.message : called.tag);
