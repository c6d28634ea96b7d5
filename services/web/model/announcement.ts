import type { GameState } from '../../apps/grid/grid.ts';
import { list } from './format.ts';
import { endReason, leaders, outcome } from './standings.ts';

const MILESTONES = [60, 30, 10, 5];

/** One moment of a game: its state and the whole seconds left on its clock. */
export interface Moment {
  readonly state: GameState;
  readonly seconds: number;
}

/**
 * What a screen reader is told between two moments of a game: somebody came or went, the start, a change of the
 * lead, the last seconds, the end. Undefined when nothing was worth the interruption.
 */
export function announcement(before: Moment, now: Moment, me: string | undefined): string | undefined {
  const parts = [statusChange(before.state, now.state, me), leadChange(before.state, now.state)];
  if (now.state.status === 'active') parts.push(timeMark(before.seconds, now.seconds));
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? undefined : said.join(' ');
}

function statusChange(before: GameState, now: GameState, me: string | undefined): string | undefined {
  if (now.status === 'waiting') {
    if (before.players.length === now.players.length) return undefined;
    return `${now.players.length} of ${now.settings.players} players are here.`;
  }
  if (before.status === now.status) return undefined;
  if (now.status === 'active') return `The game has started. ${now.settings.seconds} seconds.`;
  return `${endReason(now)} ${outcome(now, me)}.`;
}

function leadChange(before: GameState, now: GameState): string | undefined {
  if (now.status !== 'active') return undefined;
  const seats = leaders(now);
  if (seats.length === 0 || seats.join() === leaders(before).join()) return undefined;
  const names = list(seats.map((seat) => now.players[seat]?.name ?? ''));
  const score = now.players[seats[0] ?? 0]?.score;
  return seats.length === 1 ? `${names} leads with ${score}.` : `${names} are level with ${score}.`;
}

function timeMark(before: number, now: number): string | undefined {
  const mark = MILESTONES.findLast((seconds) => before > seconds && now <= seconds);
  return mark === undefined ? undefined : `${mark} seconds left.`;
}
