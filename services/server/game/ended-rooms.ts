import { type AnyRoomType, RETENTION, type Result } from '../../protocol/index.ts';
import { Refusal, type View } from '../authority/game-authority.ts';
import { headKey } from '../authority/room-log.ts';
import type { Logger } from '../ops/log.ts';
import type { Store } from '../redis/connect.ts';
import { GAMES_KEY, type GameQuota } from './game-quota.ts';
import type { Ranking } from './ranking.ts';

/** How often a replica looks for rooms that ended unnoticed. */
const SWEEP_MS = 5000;
/** The rooms that are read at a time. */
const PAGE = 64;

export interface EndedRoomsOptions {
  readonly redis: Store;
  readonly type: AnyRoomType;
  readonly view: (room: string) => Promise<View>;
  readonly ranking: Pick<Ranking, 'count'>;
  readonly gameQuota: Pick<GameQuota, 'closed'>;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  /** Called when the application failed to give the results of a room. */
  readonly onFault: (room: string, error: unknown) => void;
  readonly log: Logger;
}

/**
 * What follows the end of a room: it counts in the ranking, and then leaves the list of open rooms. Every replica that
 * sees the end reports it. If none survives to do so, the room is still listed as open, and another replica finds it.
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
      // The room stays listed as open, so a later sweep finds it.
      log.warn({ room, reason: (error as Error).message }, 'the end of a room is counted later');
    }
  }

  /** The results of a room; undefined if it goes on because the store lost its end. */
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
      // A room that is over is not kept for longer than this, so a room with more time left goes on.
      const until = now() + 1000 * (type.retention?.over ?? RETENTION.over);
      const rooms = await redis.zrangebyscore(GAMES_KEY, now(), until);
      for (let from = 0; from < rooms.length; from += PAGE) {
        const page = rooms.slice(from, from + PAGE);
        const over = await Promise.all(page.map((room) => redis.hget(headKey(room), 'over')));
        await Promise.all(page.filter((_, index) => over[index] === '1').map((room) => this.#settle(room)));
      }
    } catch {
      // Redis does not answer. The next sweep finds the same rooms.
    }
  }
}
