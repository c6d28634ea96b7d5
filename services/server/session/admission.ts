import type { ReplicaLimits } from '../limits.ts';

/** Why somebody is not let in, as in the metrics. */
export type Turned = 'full' | 'players' | 'address';

/** A place of a socket. */
export interface Place {
  /** The socket is gone, or was never opened. May be called again. */
  leave(): void;
}

/** Counts the sockets of a replica, those under way included, and lets no more in than there is room for. */
export class Admission {
  readonly #limits: ReplicaLimits;
  readonly #elsewhere: () => number;
  readonly #ofAddress = new Map<string, number>();
  #sockets = 0;

  /** `elsewhere`: sockets on the other replicas. */
  constructor(limits: ReplicaLimits, elsewhere: () => number = () => 0) {
    this.#limits = limits;
    this.#elsewhere = elsewhere;
  }

  get sockets(): number {
    return this.#sockets;
  }

  /** Takes a place for a socket from `address`, or says what is full. */
  enter(address: string): Place | Turned {
    const { sockets, players, perAddress } = this.#limits;
    const own = this.#ofAddress.get(address) ?? 0;
    if (this.#sockets >= sockets) return 'full';
    if (this.#sockets + this.#elsewhere() >= players) return 'players';
    if (own >= perAddress.sockets) return 'address';
    this.#sockets += 1;
    this.#ofAddress.set(address, own + 1);
    let isTaken = true;
    return {
      leave: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#sockets -= 1;
        const left = this.#ofAddress.get(address)! - 1;
        if (left > 0) this.#ofAddress.set(address, left);
        else this.#ofAddress.delete(address);
      },
    };
  }
}
