import type { Flow } from '../flow.ts';
import type { LoadedSystem } from '../loaded-system.ts';
import type { Size } from '../sizes.ts';

/** One rate of the curve. */
export interface CurveStep extends Flow {
  /** The offered deliveries a second. */
  readonly asked: number;
  /** Whether it delivered enough, and soon enough. If it did not, the curve ends. */
  readonly keptUp: boolean;
}

/**
 * The same rates for every system, each higher than the one before, up to the first that it cannot keep up with. Such a
 * rate is tried once more, because a single hiccup is not a limit.
 */
export async function climb(
  { deliveries, limitMs, enough }: Pick<Size['curve'], 'deliveries' | 'limitMs' | 'enough'>,
  flowAt: (deliveries: number) => Promise<Flow>,
): Promise<CurveStep[]> {
  const steps: CurveStep[] = [];
  const step = async (asked: number): Promise<CurveStep> => {
    const flow = await flowAt(asked);
    return { ...flow, asked, keptUp: flow.p99 <= limitMs && flow.deliveriesPerSecond >= enough * asked };
  };
  for (const asked of deliveries) {
    const first = await step(asked);
    const taken = first.keptUp ? first : await step(asked);
    steps.push(taken);
    if (!taken.keptUp) break;
  }
  return steps;
}

/** The curve of a system that has already been warmed up by a crowd in groups of one size. */
export function measureCurve(loaded: LoadedSystem, { curve, groupSize }: Size): Promise<CurveStep[]> {
  const { warmSeconds, seconds } = curve;
  return climb(curve, (deliveries) => loaded.flow('play', { rate: deliveries / groupSize, warmSeconds, seconds }));
}
