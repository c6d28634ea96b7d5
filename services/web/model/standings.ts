import type { GameState } from '../../apps/grid/grid.ts';
import { clockFace, formatClock } from './clock.ts';
import { list } from './format.ts';

/** Seats that lead: those with the most cells, none before the first capture. */
export function leaders(state: GameState): number[] {
  const best = Math.max(0, ...state.players.map((player) => player.score));
  if (best === 0) return [];
  return state.players.flatMap((player, seat) => (player.score === best ? [seat] : []));
}

/** The result of a completed game for the player with id `me`, in a few words. */
export function outcome(state: GameState, me: string | undefined): string {
  if (state.reason === 'closed') return 'Nobody won';
  const winners = (state.ranking ?? []).filter((entry) => entry.rank === 1);
  const won = winners.some((entry) => entry.player === me);
  if (winners.length === 1) return won ? 'You won' : `${winners[0]?.name} won`;
  if (winners.length === state.players.length) return 'It is a draw';
  if (won) return 'You share the win';
  const names = winners.length > 2 ? `${winners.length} players` : list(winners.map(({ name }) => name));
  return `${names} share the win`;
}

/** Why the game ended, in a sentence. */
export const endReason = ({ reason }: GameState): string => END_REASONS[reason ?? 'time'];

const END_REASONS: Readonly<Record<NonNullable<GameState['reason']>, string>> = {
  board: 'Every cell is taken.',
  time: 'Time is up.',
  closed: 'An operator closed the game.',
};

/** How a running game stands for the player with id `me`, in a few words. */
export function standing(state: GameState, me: string | undefined): string {
  const seats = leaders(state);
  if (seats.length === 0) return 'Capture!';
  const own = state.players.findIndex((player) => player.id === me);
  if (seats.length > 1) return seats.includes(own) ? 'You are level' : 'Level at the top';
  const best = state.players[seats[0] ?? 0];
  const others = state.players.filter((player) => player !== best);
  const next = Math.max(0, ...others.map((player) => player.score));
  const by = (best?.score ?? 0) - next;
  return seats[0] === own ? `You lead by ${by}` : `${best?.name} leads by ${by}`;
}

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
