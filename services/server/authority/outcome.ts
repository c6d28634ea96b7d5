import type { AnyRoomType } from '../../protocol/index.ts';
import { FULL_MS } from '../game/matchmaking.ts';
import { type Applied, Refusal } from './game-authority.ts';
import type { Outcome } from './plan.ts';

const RETRY_AFTER_MS: Partial<Record<string, number>> = { unavailable: 250, cluster_full: FULL_MS, app_failed: 1000 };

/** The outcome, unless it is a refusal, which is thrown. */
export function granted({ refusals }: AnyRoomType, outcome: Outcome): Outcome {
  if (outcome.tag !== 'refused') return outcome;
  const { code } = outcome;
  throw new Refusal(code, refusals[code], RETRY_AFTER_MS[code]);
}

/** What a player is told of a request that took effect. */
export function toApplied(game: string, outcome: Outcome): Applied {
  if (outcome.tag !== 'applied') throw new Error(`A room answered "${outcome.tag}" to what a player asked for.`);
  const { epoch, seq, duplicate } = outcome;
  return { game, epoch, seq, duplicate };
}
