const STRIDE = 1.5;
const FINE = 1.15;

/**
 * Looks for the highest rate that passes: in long strides until one fails, then from the last that passed in short
 * ones. A step that fails is tried once more, as a single hiccup is no limit. Gives the highest that passed, or 0.
 */
export async function highest(
  first: number,
  most: number,
  passes: (rate: number) => Promise<boolean>,
): Promise<number> {
  const step = async (rate: number) => (await passes(rate)) || passes(rate);
  let best = 0;
  for (const factor of [STRIDE, FINE]) {
    let rate = best === 0 ? first : best * factor;
    for (; rate <= most && (await step(rate)); rate *= factor) best = rate;
    if (best === 0 || rate > most) break;
  }
  return best;
}
