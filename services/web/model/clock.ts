import type { GameState } from '../../apps/grid/grid.ts';

/** What the clock shows: whole seconds left, the part of the time left (0 to 1), whether it is urgent. */
interface ClockFace {
  readonly seconds: number;
  readonly fraction: number;
  readonly urgent: boolean;
}

const URGENT_SECONDS = 5;

/** The clock of a game at `now`, both by the server's clock in milliseconds. Before the start it is full. */
export function clockFace(state: GameState, now: number): ClockFace {
  const total = state.settings.seconds * 1000;
  const left = remainingMs(state, now, total);
  const seconds = Math.ceil(left / 1000);
  return { seconds, fraction: left / total, urgent: state.status === 'active' && seconds <= URGENT_SECONDS };
}

function remainingMs(state: GameState, now: number, total: number): number {
  if (state.status === 'waiting' || state.endsAt === undefined) return total;
  // A finished game keeps the time at which it ended: a full board ends a game before time is up.
  const at = state.finishedAt ?? now;
  return Math.min(total, Math.max(0, state.endsAt - at));
}

/** Seconds as a clock shows them: `45 s` below a minute, `1:05` from there on. */
export function formatClock(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
