import type { GameState } from '../../apps/grid/grid.ts';

/** What can be heard and felt in a game. */
export type Cue = 'capture' | 'refused' | 'start' | 'win' | 'end';

/** What a player has of a game at one moment: its state, the cells asked for, and one that another player was faster at. */
export interface Felt {
  readonly code: string;
  readonly state: GameState;
  readonly pending: number;
  readonly refused: boolean;
}

/**
 * What to play between two moments of a page, for the player with id `me`. A game that is shown for the first time is
 * silent: a page that is loaded again celebrates nothing twice.
 */
export function cueBetween(before: Felt | undefined, now: Felt | undefined, me: string | undefined): Cue | undefined {
  if (!before || !now || before.code !== now.code) return undefined;
  if (before.state.status !== now.state.status) {
    if (now.state.status === 'active') return 'start';
    if (now.state.status === 'completed') return hasWon(now.state, me) ? 'win' : 'end';
  }
  if (now.refused && !before.refused) return 'refused';
  return now.pending > before.pending ? 'capture' : undefined;
}

/** Whether the player with id `me` has the first place of a finished game, alone or with others, but not with all. */
export function hasWon(state: GameState, me: string | undefined): boolean {
  const winners = (state.ranking ?? []).filter(({ rank }) => rank === 1);
  return winners.length < state.players.length && winners.some(({ player }) => player === me);
}
