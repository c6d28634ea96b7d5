import { type Store, storeFailure } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/scripts.ts';

/** The games in the store that have not ended, by when they are gone: their number is bounded. */
export const GAMES_KEY = 'gridlock:{games}:open';
/** The same of those that players of one address made. */
export const gamesOf = (address: string): string => `gridlock:{games}:of:${address}`;

/** A game that nobody ends is gone when it has waited for players for so long. */
const KEEP_MS = 3_600_000;
/** How long a room that everybody left before it began is kept, as `KEEP_SECONDS.empty` of the room log. */
const EMPTY_MS = 60_000;
/** How full the store may be, of its `maxmemory`, for another game to be made. The scripts look again as they make it. */
const MOST_FOR_NEW = 0.75;

export interface GameQuotaOptions {
  readonly redis: Store;
  /** Games of the cluster, and those that players of one address made. */
  readonly most: number;
  readonly mostOfAddress: number;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
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
    const until = this.#options.now() + KEEP_MS;
    const writing = this.#options.redis
      .pipeline()
      .zadd(GAMES_KEY, until, game)
      .pexpire(GAMES_KEY, 2 * KEEP_MS);
    if (address !== undefined) writing.zadd(gamesOf(address), until, game).pexpire(gamesOf(address), KEEP_MS);
    writing.exec().catch(() => undefined);
  }

  /** Everybody left a game before it began: it counts for as long as it is there. */
  emptied(game: string): void {
    const { redis, now } = this.#options;
    redis.zadd(GAMES_KEY, 'XX', now() + EMPTY_MS, game).catch(() => undefined);
  }

  /** A game ended. */
  closed(game: string): void {
    this.#options.redis.zrem(GAMES_KEY, game).catch(() => undefined);
  }
}
