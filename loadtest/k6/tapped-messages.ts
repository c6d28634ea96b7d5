import type { ServerMessage } from '../../services/protocol/index.ts';

/**
 * The messages of a frame, each shown to the observer when the SDK takes it. An SDK that has just moved to another
 * socket leaves the rest of a frame. It requests those messages again there, so they are not duplicates.
 */
export class TappedMessages extends Array<ServerMessage> {
  readonly #taken: (message: ServerMessage) => void;

  constructor(messages: readonly ServerMessage[], taken: (message: ServerMessage) => void) {
    super(...messages);
    this.#taken = taken;
  }

  override *[Symbol.iterator](): ArrayIterator<ServerMessage> {
    for (let index = 0; index < this.length; index++) {
      const message = this[index]!;
      this.#taken(message);
      yield message;
    }
  }
}
