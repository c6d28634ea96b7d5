/** True with `npm test -- --full`. */
export const inFull = process.env['GRIDLOCK_TEST_FULL'] === '1';

/**
 * How often a randomised test repeats: `byDefault`, or `often` with `npm test -- --full`, which a nightly run uses. The
 * default finds regressions; the rest finds rare faults.
 */
export const repetitions = (byDefault: number, often: number): number => (inFull ? often : byDefault);
