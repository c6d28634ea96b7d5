import type { DayRanking, RankedPlayer, Result } from '../../protocol/ranking.ts';
import { type Store, storeFailure } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/scripts.ts';

/** The keys of the players of a day, `2026-12-01`, by their results; of their names; and of rooms that were counted. */
export const rankingKeys = (day: string) => ({
  order: `gridlock:{ranking}:${day}`,
  names: `gridlock:{ranking}:${day}:names`,
});
export const countedKey = (room: string): string => `gridlock:{ranking}:counted:${room}`;

/** A day is kept until the one after it is over, everywhere. */
const KEEP_SECONDS = 2 * 24 * 3600;
/** The most players of a day. The lowest ones make room. */
const MOST_PLAYERS = 10_000;
/** The number of players to report. */
const SHOWN = 10;
/** A ranking is read at most once in this many milliseconds, however many clients ask. */
const FRESH_MS = 500;
/** The weight of a win in the order, and the most points of a day. Both fit exactly into a number of Redis. */
const WIN = 1e9;
const MOST_POINTS = WIN - 1;

export interface RankingOptions {
  readonly redis: Store;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  /** How long a room is remembered as counted: longer than it is kept once it is over. */
  readonly rememberSeconds: number;
}

/** The ranking of the players of a day, by wins, then points. A day begins at midnight UTC. */
export class Ranking {
  readonly #options: RankingOptions;
  readonly #count: Script;
  #latest: { readonly ranking: Promise<DayRanking>; readonly until: number } | undefined;

  constructor(options: RankingOptions) {
    this.#options = options;
    this.#count = defineScript(options.redis, [new URL('./lua/count.lua', import.meta.url)]);
  }

  /** Counts the results of a room once, however often and by whichever replicas they are reported. */
  async count(room: string, results: readonly Result[]): Promise<void> {
    const reached = results.filter(({ points, won }) => points > 0 || won);
    if (reached.length === 0) return;
    const { order, names } = rankingKeys(this.#day);
    const players = reached.flatMap(({ player, points, won }) => [
      player.id,
      player.name,
      (won ? WIN : 0) + Math.min(points, MOST_POINTS),
    ]);
    const args = [this.#options.rememberSeconds, KEEP_SECONDS, MOST_PLAYERS, ...players];
    try {
      await this.#count([order, names, countedKey(room)], args);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** The best of the day. Rejects with a `Refusal` when the store does not answer. */
  top(): Promise<DayRanking> {
    const now = performance.now();
    if (!this.#latest || this.#latest.until < now) {
      const ranking = this.#read();
      this.#latest = { ranking, until: now + FRESH_MS };
      ranking.catch(() => {
        this.#latest = undefined;
      });
    }
    return this.#latest.ranking;
  }

  get #day(): string {
    return new Date(this.#options.now()).toISOString().slice(0, 10);
  }

  async #read(): Promise<DayRanking> {
    const { redis } = this.#options;
    const day = this.#day;
    const { order, names } = rankingKeys(day);
    try {
      const flat = await redis.zrevrange(order, 0, SHOWN - 1, 'WITHSCORES');
      const found = flat.flatMap((id, index) => (index % 2 === 0 ? [{ id, reached: Number(flat[index + 1]) }] : []));
      const known = found.length === 0 ? [] : await redis.hmget(names, ...found.map(({ id }) => id));
      const players = found.map(({ id, reached }, index): RankedPlayer => {
        const rank = found.findIndex((other) => other.reached === reached) + 1;
        return { rank, id, name: known[index] ?? '', wins: Math.floor(reached / WIN), points: reached % WIN };
      });
      return { day, players };
    } catch (error) {
      throw storeFailure(error);
    }
  }
}
