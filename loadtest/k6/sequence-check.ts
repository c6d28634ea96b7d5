import type { ServerMessage } from '../../services/protocol/index.ts';

/** Sequence numbers of one history, as they came over the wire. */
interface Place {
  epoch: string;
  seq: number;
  /** Up to here a repeat may answer a request for missing events. */
  askedAgainTo: number;
}

/** The faults of the received events. */
export interface SequenceFaults {
  /** Events that were left out. */
  gaps: number;
  /** Events that came again without a request. */
  duplicates: number;
  chatGaps: number;
}

/**
 * Checks the server's messages before the SDK corrects them, because a hole or a repeat that the SDK repairs is still a
 * fault of the cluster. It spans sockets: a resume must continue exactly where the last socket was cut.
 */
export class SequenceCheck {
  readonly faults: SequenceFaults = { gaps: 0, duplicates: 0, chatGaps: 0 };
  /** Lines of chat that came in a history after an absence. */
  caughtUp = 0;
  readonly #games = new Map<string, Place>();
  readonly #channels = new Map<string, Place>();

  receive(message: ServerMessage): void {
    if (message.type === 'event') this.#event(message.game, message.epoch, message.seq);
    else if (message.type === 'snapshot') {
      const { game, epoch, seq } = message;
      // Events that are lost for good: a client that was away missed at least one.
      if (message.recovered === false) this.faults.gaps += Math.max(1, seq - (this.#games.get(game)?.seq ?? seq));
      this.#games.set(game, { epoch, seq, askedAgainTo: 0 });
    } else if (message.type === 'message') this.#message(message.channel, message.epoch, message.seq);
    else if (message.type === 'history') {
      const place = this.#channels.get(message.channel);
      // The first one is from a time when this client did not listen.
      if (place?.epoch === message.epoch) this.caughtUp += message.messages.filter(({ seq }) => seq > place.seq).length;
      const seq = message.messages.at(-1)?.seq;
      if (seq !== undefined) this.#channels.set(message.channel, { epoch: message.epoch, seq, askedAgainTo: 0 });
    }
  }

  /** Games end, so their places need not be kept forever. */
  forget(game: string): void {
    this.#games.delete(game);
  }

  #event(game: string, epoch: string, seq: number): void {
    const place = this.#games.get(game);
    if (place === undefined || place.epoch !== epoch) {
      this.#games.set(game, { epoch, seq, askedAgainTo: 0 });
      return;
    }
    if (seq <= place.seq) {
      if (seq > place.askedAgainTo) this.faults.duplicates++;
      return;
    }
    if (seq > place.seq + 1) {
      this.faults.gaps += seq - place.seq - 1;
      place.askedAgainTo = seq;
    }
    place.seq = seq;
  }

  #message(channel: string, epoch: string, seq: number): void {
    const place = this.#channels.get(channel);
    if (place && place.epoch === epoch && seq > place.seq + 1) this.faults.chatGaps += seq - place.seq - 1;
    if (!place || place.epoch !== epoch || seq > place.seq)
      this.#channels.set(channel, { epoch, seq, askedAgainTo: 0 });
  }
}
