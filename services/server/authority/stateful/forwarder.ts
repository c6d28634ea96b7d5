import type { Bus } from '../../redis/bus.ts';
import type { Store } from '../../redis/connect.ts';
import type { Outcome } from '../outcome.ts';
import type { RoomCommand } from '../room-command.ts';

/** The edge sent a player to another replica, at this time by the store's clock, and that replica wants the room. */
export interface YieldCommand {
  readonly kind: 'yield';
  readonly at: number;
}

const CHANNEL = 'gridlock:owner:';

/** `nobody`: no process listens under that name. `silent`: it did not answer in time. */
export type Forwarded = Outcome | 'nobody' | 'silent';

export interface ForwarderOptions {
  readonly redis: Store;
  readonly bus: Pick<Bus, 'listen' | 'unlisten'>;
  /** The name of this process as an owner. */
  readonly owner: string;
  /** Carries out a request that another replica passed on, if this one holds the game. */
  readonly onCommand: (game: string, command: RoomCommand | YieldCommand, traceparent?: string) => Promise<Outcome>;
}

interface Question {
  readonly id: number;
  readonly from: string;
  readonly game: string;
  readonly command: RoomCommand | YieldCommand;
  /** Set if the command is traced. */
  readonly traceparent?: string;
}

/** The reply: the outcome, or that the store did not answer. */
interface Reply {
  readonly id: number;
  readonly outcome: Outcome | undefined;
}

/**
 * Passes commands to the replica that holds the game, over Redis, so that replicas need no connection to each other.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #id = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    options.bus.listen(`${CHANNEL}${options.owner}`, { message: (payload) => this.#take(payload) });
  }

  /** Resolves with the answer of `owner` within `timeoutMs`. Rejects if the request could not be sent. */
  async ask(
    owner: string,
    game: string,
    command: RoomCommand | YieldCommand,
    timeoutMs: number,
    traceparent?: string,
  ): Promise<Forwarded> {
    const id = (this.#id += 1);
    const asked = { id, from: this.#options.owner, game, command };
    const question: Question = traceparent === undefined ? asked : { ...asked, traceparent };
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Forwarded>((resolve) => {
      this.#waiting.set(id, ({ outcome }) => resolve(outcome ?? { tag: 'refused', code: 'unavailable' }));
      timer = setTimeout(() => resolve('silent'), timeoutMs);
    });
    try {
      const listeners = await this.#send(owner, { ask: question });
      return listeners === 0 ? 'nobody' : await answered;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  stop(): void {
    this.#options.bus.unlisten(`${CHANNEL}${this.#options.owner}`);
  }

  #send(owner: string, message: { ask: Question } | { answer: Reply }): Promise<number> {
    return this.#options.redis.spublish(`${CHANNEL}${owner}`, JSON.stringify(message)) as Promise<number>;
  }

  #take(payload: string): void {
    const message = JSON.parse(payload) as { ask?: Question; answer?: Reply };
    if (message.answer) this.#waiting.get(message.answer.id)?.(message.answer);
    if (message.ask) void this.#answer(message.ask);
  }

  async #answer({ id, from, game, command, traceparent }: Question): Promise<void> {
    const outcome = await this.#options.onCommand(game, command, traceparent).catch(() => undefined);
    // If this reply is lost, the asking replica asks again.
    await this.#send(from, { answer: { id, outcome } }).catch(() => undefined);
  }
}
