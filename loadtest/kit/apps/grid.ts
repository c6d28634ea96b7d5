import { isDeepStrictEqual } from 'node:util';
import { capture, FREE, type GameEvent, type GameState, type Grid, grid } from '../../../services/apps/grid/grid.ts';
import type { Chapter } from '../chapters.ts';
import type { Violation } from '../history.ts';
import type { AppUnderTest } from './app-under-test.ts';

const SIZE = 16;
const SECONDS = 300;

/** Cells that may be captured; none when the game is not active. */
export const freeCells = (state: GameState | undefined): number[] =>
  state?.status === 'active' ? state.cells.flatMap((seat, cell) => (seat === FREE ? [cell] : [])) : [];

/** The capture game: a cell has one owner, and scores are the numbers of cells held. */
export const gridUnderTest: AppUnderTest<Grid> = {
  type: grid,
  settings: (players) => ({ players, size: SIZE, seconds: SECONDS, spectators: true }),
  isReady: ({ status }) => status !== 'waiting',
  next: (state, random) => {
    const free = freeCells(state);
    return free.length === 0 ? undefined : capture(random.pick(free));
  },
  holds: ({ players, cells }, command, player) =>
    command.kind !== 'capture' || players[cells[command.cell] ?? FREE]?.id === player,
  faultsIn: ownershipFaults,
};

function ownershipFaults({ game, epoch, events, states }: Chapter): Violation[] {
  const faults: Violation[] = [];
  const owners = new Map<number, string>();
  const held = new Map<number, number>();
  // The events from the first on need no snapshot.
  const begin = events.has(1) ? undefined : states[0];
  const { cells, players }: Pick<GameState, 'cells' | 'players'> = begin?.state ?? { cells: [], players: [] };
  for (const [cell, seat] of cells.entries()) {
    if (seat === FREE) continue;
    owners.set(cell, players[seat]?.id ?? `seat ${seat}`);
    held.set(seat, (held.get(seat) ?? 0) + 1);
  }
  for (const [seq, { event }] of [...events].sort(([left], [right]) => left - right)) {
    const { kind, player, seat, cell, scores } = event as GameEvent & { kind: 'captured' };
    if (kind !== 'captured' || seq <= (begin?.seq ?? 0)) continue;
    const place = `game ${game} epoch ${epoch} seq ${seq}`;
    const owner = owners.get(cell);
    if (owner !== undefined) {
      const fault = owner === player ? 'applied twice' : 'rule';
      faults.push({ fault, player, detail: `${place}: cell ${cell} had been captured by ${owner}` });
    }
    owners.set(cell, player);
    held.set(seat, (held.get(seat) ?? 0) + 1);
    const counted = scores.map((_, index) => held.get(index) ?? 0);
    if (isDeepStrictEqual(counted, scores)) continue;
    const detail = `${place}: scores ${scores.join(',')}, cells held ${counted.join(',')}`;
    faults.push({ fault: 'rule', player, detail });
  }
  return faults;
}
