import type { GameState } from '../../protocol/index.ts';
import { clockFace, formatClock } from './clock.ts';
import { outcome } from './standings.ts';

/** The tab's title: what somebody looking at another tab wants to know. `now` is the server's time in ms. */
export function pageTitle(state: GameState | undefined, now: number, me: string | undefined): string {
  return state ? `${stateTitle(state, now, me)} · Gridlock` : 'Gridlock';
}

function stateTitle(state: GameState, now: number, me: string | undefined): string {
  switch (state.status) {
    case 'waiting':
      return `Waiting ${state.players.length}/${state.settings.players}`;
    case 'active':
      return formatClock(clockFace(state, now).seconds);
    case 'completed':
      return outcome(state, me);
  }
}
