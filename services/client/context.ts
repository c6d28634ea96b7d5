import type { Emitter } from './emitter.ts';
import type { ClientEvents } from './events.ts';
import type { Outbox } from './outbox.ts';

/** What games and channels share with the client they belong to. */
export interface Context {
  readonly outbox: Outbox;
  readonly events: Emitter<ClientEvents>;
  /** A request id never used before. */
  nextId(): string;
  /** Something that should outlive a reload has changed. */
  save(): void;
  /** A game or channel could not be restored on this connection: another one is needed. */
  unrestored(message: string): void;
}
