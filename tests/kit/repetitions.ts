/** True with `npm test -- --full`. */
export const inFull = process.env['GRIDLOCK_TEST_FULL'] === '1';

/**
 * How often a test repeats what it does with chance: `byDefault`, or `often` with `npm test -- --full`, which a nightly
 * run uses. The default finds what a change breaks; the rest finds what is rare.
 */
export const repetitions = (byDefault: number, often: number): number => (inFull ? often : byDefault);
