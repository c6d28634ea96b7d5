import { type AnyRoomType, RETENTION, type Result } from '../../protocol/index.ts';
import { Refusal, type View } from '../authority/game-authority.ts';
import { headKey } from '../authority/room-log.ts';
import type { Logger } from '../ops/log.ts';
import type { Store } from '../redis/connect.ts';
import { GAMES_KEY, type GameQuota } from './game-quota.ts';
import type { Ranking } from './ranking.ts';

/** A replica looks for rooms that ended while nobody saw it, this often. */
const SWEEP_MS = 5000;
/** Rooms that are asked about at a time. */
const PAGE = 64;

export interface EndedRoomsOptions {
  readonly redis: Store;
  readonly type: AnyRoomType;
  readonly view: (room: string) => Promise<View>;
  readonly ranking: Pick<Ranking, 'count'>;
  readonly gameQuota: Pick<GameQuota, 'closed'>;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  /** The application failed when it was asked how a room came out. */
  readonly onFault: (room: string, error: unknown) => void;
  readonly log: Logger;
}

/**
 * What follows the end of a room: it counts in the ranking, then it is none of the open ones any more. Every replica
 * that sees the end says so. If none lives to do it, the room is still listed as open, and another replica finds it.
 */
export class EndedRooms {
  readonly #options: EndedRoomsOptions;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: EndedRoomsOptions) {
    this.#options = options;
    if (!options.type.results) return;
    this.#timer = setInterval(() => void this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  /** A room is over. */
  note(room: string): void {
    if (this.#options.type.results) void this.#settle(room);
    else this.#options.gameQuota.closed(room);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #settle(room: string): Promise<void> {
    const { gameQuota, log, ranking } = this.#options;
    try {
      const results = await this.#resultsOf(room);
      if (results === undefined) return;
      await ranking.count(room, results);
      gameQuota.closed(room);
    } catch (error) {
      // It stays listed as open: it is found again.
      log.warn({ room, reason: (error as Error).message }, 'the end of a room is counted later');
    }
  }

  /** How a room came out; undefined where it goes on after all, as its end was lost with the store's tail. */
  async #resultsOf(room: string): Promise<readonly Result[] | undefined> {
    const { onFault, type, view } = this.#options;
    let state: unknown;
    try {
      ({ state } = await view(room));
    } catch (error) {
      if (error instanceof Refusal && error.code === 'game_not_found') return [];
      throw error;
    }
    if (!type.isOver(state)) return undefined;
    try {
      const results = type.results!(state);
      const isWhole = results.every(({ points }) => Number.isSafeInteger(points) && points >= 0);
      if (!isWhole) throw new Error('the points of a result are not a whole number from 0 on');
      return results;
    } catch (error) {
      onFault(room, error);
      return [];
    }
  }

  async #sweep(): Promise<void> {
    const { now, redis, type } = this.#options;
    try {
      // A room that is over is kept for so long at most: what is kept for longer goes on.
      const until = now() + 1000 * (type.retention?.over ?? RETENTION.over);
      const rooms = await redis.zrangebyscore(GAMES_KEY, now(), until);
      for (let from = 0; from < rooms.length; from += PAGE) {
        const page = rooms.slice(from, from + PAGE);
        const over = await Promise.all(page.map((room) => redis.hget(headKey(room), 'over')));
        await Promise.all(page.filter((_, index) => over[index] === '1').map((room) => this.#settle(room)));
      }
    } catch {
      // Redis is away: the next sweep finds what this one would have.
    }
  }
}
