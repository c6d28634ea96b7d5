/**
 * How often a test repeats what it does with chance: `byDefault`, or `inFull` with `npm test -- --full`, which a nightly
 * run uses. The default finds what a change breaks; the rest finds what is rare.
 */
export const repetitions = (byDefault: number, inFull: number): number =>
  process.env['GRIDLOCK_TEST_FULL'] === '1' ? inFull : byDefault;
