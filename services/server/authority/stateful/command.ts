import type { ErrorCode, GameSettings, PlayerRef } from '../../../protocol/index.ts';
import type { Mode } from '../recorded-authority.ts';

interface ByPlayer {
  readonly player: PlayerRef;
  readonly generation: number;
  readonly id: string;
}

/** What somebody wants of a game, as it goes from one replica to another. */
export type GameCommand =
  | ({ readonly kind: 'enter'; readonly mode: Mode; readonly settings?: GameSettings } & ByPlayer)
  | ({ readonly kind: 'leave' } & ByPlayer)
  | ({ readonly kind: 'capture'; readonly cell: number } & ByPlayer)
  | { readonly kind: 'finish' };

/** The edge sent a player to another replica, at this time by Redis's clock: it wants the game. */
export interface YieldCommand {
  readonly kind: 'yield';
  readonly at: number;
}

/** What became of it. */
export type Outcome =
  | { readonly tag: 'applied'; readonly epoch: string; readonly seq: number; readonly duplicate: boolean }
  /** There is a game of this code, and the command wanted to make one. */
  | { readonly tag: 'exists' }
  /** The milliseconds until the game's time is out. */
  | { readonly tag: 'left'; readonly ms: number }
  | { readonly tag: 'refused'; readonly code: ErrorCode }
  /** The game was let go of for who asked. */
  | { readonly tag: 'yielded' }
  /** This replica does not hold the game, so that it did nothing. */
  | { readonly tag: 'elsewhere' };

export const refused = (code: ErrorCode): Outcome => ({ tag: 'refused', code });
export const ELSEWHERE: Outcome = { tag: 'elsewhere' };
