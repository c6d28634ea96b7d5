import type { Connection } from './connection.ts';
import { storeFailure, type Store } from './redis/connect.ts';
import { defineScript, type Script } from './redis/scripts.ts';
import type { Sockets } from './sockets.ts';

/** Each replica listens to `gridlock:replica:<APPID>` for what is meant for it alone. */
export const REPLICA_CHANNEL = 'gridlock:replica:';
/** Longer than a player token, and so than any socket, lives. */
const KEEP_SECONDS = 24 * 3600;
/** A fence may overtake the socket it is meant for, which is being opened at that moment. */
const RECENT_MS = 10_000;

const socketKey = (player: string) => `gridlock:{player:${player}}:socket`;

/** Of two sockets of a player the newer one stays, on whichever replicas they are. */
export class Fencing {
  readonly #redis: Store;
  readonly #replica: string;
  readonly #sockets: Sockets;
  readonly #supersede: (connection: Connection) => void;
  readonly #fence: Script;
  readonly #recent = new Map<string, number>();

  constructor(redis: Store, replica: string, sockets: Sockets, supersede: (connection: Connection) => void) {
    this.#redis = redis;
    this.#replica = replica;
    this.#sockets = sockets;
    this.#supersede = supersede;
    this.#fence = defineScript(redis, 'player:fence', [new URL('./lua/fence.lua', import.meta.url)]);
  }

  /**
   * The generation of a socket that the player opens now. Older ones are told to close. Rejects with a
   * `Refusal`.
   */
  async open(player: string): Promise<number> {
    try {
      const reply = await this.#fence([socketKey(player)], [this.#replica, KEEP_SECONDS]);
      const [generation, before] = reply as [generation: string, before: string];
      // Not from within the script: the other replica's channel may be on another shard. A replica that cannot be
      // told now asks for itself when it hears again, and no game takes a move of the older socket.
      if (before !== '') {
        const told = this.#redis.spublish(`${REPLICA_CHANNEL}${before}`, `supersede ${player} ${generation}`);
        told.catch(() => undefined);
      }
      return Number(generation);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** Takes `<player> <generation>` from the replica's channel: sockets of a lower generation go. */
  take(payload: string): void {
    const [player = '', text = ''] = payload.split(' ');
    const generation = Number(text);
    for (const connection of this.#sockets.ofPlayer(player)) {
      if (connection.generation < generation) this.#supersede(connection);
    }
    this.#recent.set(player, generation);
    setTimeout(() => {
      if (this.#recent.get(player) === generation) this.#recent.delete(player);
    }, RECENT_MS).unref();
  }

  /** Whether a connection that was just opened is outdated already. */
  isOutdated({ player, generation }: Connection): boolean {
    return generation < (this.#recent.get(player.id) ?? 0);
  }

  /** Looks for fences that were announced while this replica could not hear them. */
  async recheck(): Promise<void> {
    await Promise.all(this.#sockets.all().map(async (connection) => {
      const newest = await this.#redis.hget(socketKey(connection.player.id), 'generation');
      if (newest !== null && connection.generation < Number(newest)) this.#supersede(connection);
    }));
  }
}
