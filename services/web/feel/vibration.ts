import type { Cue } from '../model/cues.ts';

/** Milliseconds of vibration and rest in turn. */
const PATTERNS: Readonly<Record<Cue, readonly number[]>> = {
  capture: [12],
  refused: [18, 40, 18],
  start: [30],
  win: [30, 50, 30, 50, 90],
  end: [60],
};

/** Phones have it, most computers and all of Apple's browsers have not. */
export const canVibrate = (): boolean => typeof navigator.vibrate === 'function';

/** A user who wants less motion on the screen wants none in the hand. */
const prefersStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Browsers complain of a page that the user has not touched yet. */
const isTouched = (): boolean => navigator.userActivation?.hasBeenActive ?? true;

export function vibrate(cue: Cue): void {
  if (canVibrate() && isTouched() && !prefersStillness()) navigator.vibrate([...PATTERNS[cue]]);
}
