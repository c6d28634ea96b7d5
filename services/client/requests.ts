import type { Request } from '../protocol/index.ts';
import type { Emitter } from './emitter.ts';
import { GridlockError } from './errors.ts';
import type { ClientEvents } from './events.ts';
import type { Ack, Outbox } from './outbox.ts';
import { randomText } from './platform.ts';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type NewRequest<T extends Request['type'] = Request['type']> = WithoutId<Extract<Request, { type: T }>>;

const PREFIX_LENGTH = 12;

/** The caller's requests as promises, each with a unique id, even after a reload. */
export class Requests {
  readonly #outbox: Outbox;
  readonly #isClosed: () => boolean;
  readonly #prefix: string;
  #count = 0;

  constructor(outbox: Outbox, random: () => number, isClosed: () => boolean) {
    this.#outbox = outbox;
    this.#isClosed = isClosed;
    this.#prefix = randomText(random, PREFIX_LENGTH);
  }

  nextId(): string {
    return `${this.#prefix}-${++this.#count}`;
  }

  /** `onAck` and `onError` run at once, before the rest of the frame is read; the promise settles after it. */
  send(request: NewRequest, onAck?: (ack: Ack) => void, onError?: (error: GridlockError) => void): Promise<Ack> {
    return new Promise((resolve, reject) => {
      const refuse = (error: GridlockError) => {
        onError?.(error);
        reject(error);
      };
      if (this.#isClosed()) {
        return refuse(new GridlockError('closed', 'The client is not connected; call connect() first.'));
      }
      this.#outbox.add({ ...request, id: this.nextId() } as Request, 'client', {
        onAck: (ack) => {
          onAck?.(ack);
          resolve(ack);
        },
        onError: refuse,
      });
    });
  }
}

/** The part of the client that games and channels share. */
export interface Context {
  readonly outbox: Outbox;
  readonly events: Emitter<ClientEvents>;
  /** A request id never used before. */
  nextId(): string;
  /** Something that should outlive a reload has changed. */
  save(): void;
  /** A game has changed or is gone, so its prediction may have changed too. */
  follow(game: string): void;
  /** A game or channel could not be restored on this connection: another one is needed. */
  unrestored(message: string): void;
}
