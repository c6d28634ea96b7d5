import { type Store, storeFailure } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/scripts.ts';

/** The games in the store that have not ended, by when they are gone: their number is bounded. */
export const GAMES_KEY = 'gridlock:{games}:open';
/** The same of those that players of one address made. */
export const gamesOf = (address: string): string => `gridlock:{games}:of:${address}`;

/** How full the store may be, of its `maxmemory`, for another game to be made. The scripts look again as they make it. */
const MOST_FOR_NEW = 0.75;

export interface GameQuotaOptions {
  readonly redis: Store;
  /** Games of the cluster, and those that players of one address made. */
  readonly most: number;
  readonly mostOfAddress: number;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  /** For how long a game is kept in which nothing happens, in seconds. */
  readonly idleSeconds: number;
  /** How full the store is, of its `maxmemory`: 0 to 1. */
  readonly fullness: () => number;
}

/** Counts the games in the store, so that no more are made than it has room for, and no address makes most of them. */
export class GameQuota {
  readonly #options: GameQuotaOptions;
  readonly #full: Script;

  constructor(options: GameQuotaOptions) {
    this.#options = options;
    this.#full = defineScript(options.redis, 'games:full', [new URL('./lua/full.lua', import.meta.url)]);
  }

  /**
   * Why a player of `address` may not make another game: `cluster` or `address` has as many as it may. Those that are
   * being made at this moment are not counted. Without an address only the cluster's count.
   */
  async full(address: string | undefined): Promise<'cluster' | 'address' | undefined> {
    const { now, most, mostOfAddress, fullness } = this.#options;
    if (fullness() > MOST_FOR_NEW) return 'cluster';
    try {
      const ofAddress = address === undefined ? most : mostOfAddress;
      const found = (await this.#full([GAMES_KEY, gamesOf(address ?? '')], [now(), most, ofAddress])) as string;
      return found === 'cluster' || found === 'address' ? found : undefined;
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** A game was made. What cannot be counted now is missing in the count, and nothing else. */
  opened(game: string, address: string | undefined): void {
    const { redis, now, idleSeconds } = this.#options;
    const until = now() + 1000 * idleSeconds;
    const writing = redis
      .pipeline()
      .zadd(GAMES_KEY, until, game)
      .expire(GAMES_KEY, 2 * idleSeconds);
    if (address !== undefined) writing.zadd(gamesOf(address), until, game).expire(gamesOf(address), idleSeconds);
    writing.exec().catch(() => undefined);
  }

  /** A game is there until then, in milliseconds by the store's clock: for so long it counts. */
  kept(game: string, until: number): void {
    const { redis, idleSeconds } = this.#options;
    const writing = redis
      .pipeline()
      .zadd(GAMES_KEY, 'XX', until, game)
      .expire(GAMES_KEY, 2 * idleSeconds);
    writing.exec().catch(() => undefined);
  }

  /** A game ended. */
  closed(game: string): void {
    this.#options.redis.zrem(GAMES_KEY, game).catch(() => undefined);
  }
}
