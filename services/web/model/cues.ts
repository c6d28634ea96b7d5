import type { GameState } from '../../apps/grid/grid.ts';

/** The sounds and vibrations of a game. */
export type Cue = 'capture' | 'refused' | 'start' | 'win' | 'end';

/** A reloaded page receives the whole game again. Older events were celebrated before. */
const FRESH_MS = 2000;

/**
 * A player's view of a game at one moment: its state, the requested cells, and a cell that another player took first.
 */
export interface Felt {
  readonly code: string;
  /** By the server's clock. */
  readonly now: number;
  readonly state: GameState;
  readonly pending: number;
  readonly refused: boolean;
}

/**
 * Chooses the cues between two moments of a page, for the player with id `me`. A game that has just appeared is silent.
 */
export function cueBetween(before: Felt | undefined, now: Felt | undefined, me: string | undefined): Cue | undefined {
  if (!before || !now || before.code !== now.code) return undefined;
  const { status, startedAt = 0, finishedAt = 0 } = now.state;
  if (before.state.status !== status) {
    if (now.now - Math.max(startedAt, finishedAt) > FRESH_MS) return undefined;
    if (status === 'active') return 'start';
    if (status === 'completed') return hasWon(now.state, me) ? 'win' : 'end';
  }
  if (now.refused && !before.refused) return 'refused';
  return now.pending > before.pending ? 'capture' : undefined;
}

/** Whether the player with id `me` has the first place of a finished game, alone or with others, but not with all. */
export function hasWon(state: GameState, me: string | undefined): boolean {
  const winners = (state.ranking ?? []).filter(({ rank }) => rank === 1);
  return winners.length < state.players.length && winners.some(({ player }) => player === me);
}
