/** A source of numbers from 0 to below 1. */
export type Random = () => number;

/** Mulberry32: the same numbers for the same seed, and good enough to choose cells. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from 0 to below `below`. */
export const wholeBelow = (random: Random, below: number): number => Math.floor(random() * below);
