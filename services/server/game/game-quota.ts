import { type Store, storeFailure } from '../redis/connect.ts';

/** The games that go on, by when they count no longer: their number is bounded. */
export const GAMES_KEY = 'gridlock:{games}:open';

/** A game that nobody ends counts for as long as it may wait for players. */
const KEEP_MS = 3_600_000;

/** How many games go on in the cluster, so that there are no more than Redis has room for. */
export class GameQuota {
  readonly #redis: Store;
  readonly #most: number;
  readonly #now: () => number;

  /** `now` in milliseconds by Redis's clock. */
  constructor(redis: Store, most: number, now: () => number) {
    this.#redis = redis;
    this.#most = most;
    this.#now = now;
  }

  /** True when there is no room for another game. Those that are being made at this moment are not counted. */
  async isFull(): Promise<boolean> {
    try {
      const [, games] = await Promise.all([
        this.#redis.zremrangebyscore(GAMES_KEY, '-inf', this.#now()),
        this.#redis.zcard(GAMES_KEY),
      ]);
      return games >= this.#most;
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** A game was made. What cannot be counted now is missing in the count, and nothing else. */
  opened(game: string): void {
    this.#redis
      .pipeline()
      .zadd(GAMES_KEY, this.#now() + KEEP_MS, game)
      .pexpire(GAMES_KEY, 2 * KEEP_MS)
      .exec()
      .catch(() => undefined);
  }

  /** A game ended. */
  closed(game: string): void {
    this.#redis.zrem(GAMES_KEY, game).catch(() => undefined);
  }
}
