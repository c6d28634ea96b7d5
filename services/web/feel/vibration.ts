import type { Cue } from '../model/cues.ts';

/** Milliseconds of vibration and rest in turn. */
const PATTERNS: Readonly<Record<Cue, readonly number[]>> = {
  capture: [12],
  refused: [18, 40, 18],
  start: [30],
  win: [30, 50, 30, 50, 90],
  end: [60],
};

/** Missing on most computers and in all of Apple's browsers. */
export const canVibrate = (): boolean => typeof navigator.vibrate === 'function';

/** A user who prefers reduced motion gets no vibration either. */
const prefersStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Browsers log a warning if the user has not interacted with the page yet. */
const isTouched = (): boolean => navigator.userActivation?.hasBeenActive ?? true;

export function vibrate(cue: Cue): void {
  if (canVibrate() && isTouched() && !prefersStillness()) navigator.vibrate([...PATTERNS[cue]]);
}
