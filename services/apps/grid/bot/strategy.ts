import { FREE } from '../fold.ts';
import type { BotStrength, GameState } from '../types.ts';
import { type Random, wholeBelow } from './random.ts';

export const STRENGTHS: readonly BotStrength[] = ['easy', 'medium', 'hard'];

/** What a bot considers besides the game itself: the last cell of each side. */
export interface Trail {
  /** The cell it took last; undefined before the first one. */
  readonly own?: number | undefined;
  /** The cell that another player took last. */
  readonly rival?: number | undefined;
}

/** The cell to take, and how long a hand needs to get there, in milliseconds. */
export interface Move {
  readonly cell: number;
  readonly delayMs: number;
}

/** How a bot of one strength moves. */
interface Style {
  /** The time to see a cell and press it, and the time added for each doubling of the distance. */
  readonly baseMs: number;
  readonly wayMs: number;
  /** Each pause is longer or shorter by up to this fraction. */
  readonly jitter: number;
  choose(free: readonly number[], size: number, trail: Trail, random: Random): number;
}

/** The fraction of its moves in which a strong bot takes the cell that its rival would take next. */
const CONTESTED = 0.35;

const STYLES: Readonly<Record<BotStrength, Style>> = {
  easy: { baseMs: 700, wayMs: 160, jitter: 0.4, choose: anywhere },
  medium: { baseMs: 430, wayMs: 110, jitter: 0.3, choose: nextToOwn },
  hard: { baseMs: 250, wayMs: 80, jitter: 0.2, choose: contesting },
};

/**
 * The next move of a bot at `seat`; undefined where there is nothing to take. The same game, trail and random numbers
 * give the same move.
 */
export function nextMove(
  strength: BotStrength,
  { cells, settings }: Pick<GameState, 'cells' | 'settings'>,
  trail: Trail,
  random: Random,
): Move | undefined {
  const free = cells.flatMap((holder, cell) => (holder === FREE ? [cell] : []));
  if (free.length === 0) return undefined;
  const { baseMs, wayMs, jitter, choose } = STYLES[strength];
  const { size } = settings;
  const cell = choose(free, size, trail, random);
  const way = trail.own === undefined ? size / 2 : distance(trail.own, cell, size);
  const pause = baseMs + wayMs * Math.log2(1 + way);
  return { cell, delayMs: Math.round(pause * (1 + jitter * (2 * random() - 1))) };
}

function anywhere(free: readonly number[], _size: number, _trail: Trail, random: Random): number {
  return free[wholeBelow(random, free.length)]!;
}

/** The hand moves on to a cell nearby, which is quicker. */
function nextToOwn(free: readonly number[], size: number, { own }: Trail, random: Random): number {
  return own === undefined ? anywhere(free, size, {}, random) : nearest(free, own, size, random);
}

/** Usually the same, but now and then it takes the cell that its rival would take next. */
function contesting(free: readonly number[], size: number, trail: Trail, random: Random): number {
  const isContested = trail.rival !== undefined && random() < CONTESTED;
  return isContested ? nearest(free, trail.rival!, size, random) : nextToOwn(free, size, trail, random);
}

/** One of the free cells that are nearest to a place. */
function nearest(free: readonly number[], place: number, size: number, random: Random): number {
  const least = Math.min(...free.map((cell) => distance(cell, place, size)));
  const near = free.filter((cell) => distance(cell, place, size) === least);
  return near[wholeBelow(random, near.length)]!;
}

/** In cells, in a straight line. */
function distance(one: number, other: number, size: number): number {
  const rows = Math.floor(one / size) - Math.floor(other / size);
  const columns = (one % size) - (other % size);
  return Math.hypot(rows, columns);
}
