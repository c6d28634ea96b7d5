import * as v from 'valibot';
import { PlayerId, type PlayerRef } from './types.ts';

/** The result of a room for one of its players. */
export interface Result {
  readonly player: PlayerRef;
  /** A whole number from 0 on. */
  readonly points: number;
  readonly won: boolean;
}

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Equal players share a rank, and the next rank is skipped (1, 2, 2, 4). */
const RankedPlayer = v.object({ rank: Count, id: PlayerId, name: v.string(), wins: Count, points: Count });
export type RankedPlayer = v.InferOutput<typeof RankedPlayer>;

/** Answer of `GET /api/ranking`: the best of a day of UTC, by wins, then points. */
export const DayRanking = v.object({ day: v.string(), players: v.array(RankedPlayer) });
export type DayRanking = v.InferOutput<typeof DayRanking>;

export const RANKING_PATH = '/api/ranking';
