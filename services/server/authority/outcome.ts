import type { AnyRoomType } from '../../protocol/index.ts';
import { FULL_MS } from '../game/matchmaking.ts';
import { type Applied, Refusal } from './game-authority.ts';

/** The outcome of a command. */
export type Outcome =
  | { readonly tag: 'applied'; readonly epoch: string; readonly seq: number; readonly duplicate: boolean }
  /** The command was to make a room, but a room with this code exists. */
  | { readonly tag: 'exists' }
  /** The milliseconds until the room's deadline; 0 without a deadline. */
  | { readonly tag: 'left'; readonly ms: number }
  | { readonly tag: 'refused'; readonly code: string }
  /** The holder released the room for the replica that asked. */
  | { readonly tag: 'yielded' }
  /** This replica does not hold the room, so it did nothing. */
  | { readonly tag: 'elsewhere' };

export const refused = (code: string): Outcome => ({ tag: 'refused', code });
export const ELSEWHERE: Outcome = { tag: 'elsewhere' };

const RETRY_AFTER_MS: Partial<Record<string, number>> = { unavailable: 250, cluster_full: FULL_MS, app_failed: 1000 };

/** The outcome, unless it is a refusal, which is thrown. */
export function granted({ refusals }: AnyRoomType, outcome: Outcome): Outcome {
  if (outcome.tag !== 'refused') return outcome;
  const { code } = outcome;
  throw new Refusal(code, refusals[code], RETRY_AFTER_MS[code]);
}

/** The answer to a request that took effect. */
export function toApplied(game: string, outcome: Outcome): Applied {
  if (outcome.tag !== 'applied') throw new Error(`A room answered "${outcome.tag}" to a player's request.`);
  const { epoch, seq, duplicate } = outcome;
  return { game, epoch, seq, duplicate };
}
