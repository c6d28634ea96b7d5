import type { ChainableCommander } from 'ioredis';
import { type Store, storeFailure } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/scripts.ts';

/** The games in the store that have not ended, sorted by the time when they expire. Their number is bounded. */
export const GAMES_KEY = 'gridlock:{games}:open';
/** The same for the games that players of one address made. */
export const gamesOf = (address: string): string => `gridlock:{games}:of:${address}`;

/** The part of `maxmemory` that may be in use when a game is made. The scripts check it again. */
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

/** Counts the games in the store, so that their number stays bounded and no address makes most of them. */
export class GameQuota {
  readonly #options: GameQuotaOptions;
  readonly #full: Script;

  constructor(options: GameQuotaOptions) {
    this.#options = options;
    this.#full = defineScript(options.redis, [new URL('./lua/full.lua', import.meta.url)]);
  }

  /**
   * Why a player of `address` may not make another game: `cluster` or `address` has reached its limit. Games that are
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

  /** Counts a new game until its end, in milliseconds by the store's clock. A failure only makes the count too low. */
  opened(game: string, address: string | undefined, until: number): void {
    const writing = this.#options.redis.pipeline();
    for (const key of address === undefined ? [GAMES_KEY] : [GAMES_KEY, gamesOf(address)]) {
      writing.zadd(key, until, game);
      keep(writing, key, until);
    }
    writing.exec().catch(() => undefined);
  }

  /** Counts a game until the time when it expires, in milliseconds by the store's clock. */
  kept(game: string, until: number): void {
    const writing = this.#options.redis.pipeline().zadd(GAMES_KEY, 'XX', until, game);
    keep(writing, GAMES_KEY, until);
    writing.exec().catch(() => undefined);
  }

  /** A game ended. */
  closed(game: string): void {
    this.#options.redis.zrem(GAMES_KEY, game).catch(() => undefined);
  }
}

/** A count is kept as long as any game in it. */
function keep(writing: ChainableCommander, key: string, until: number): void {
  writing.pexpireat(key, until, 'NX').pexpireat(key, until, 'GT');
}
