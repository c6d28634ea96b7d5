import { sum } from '../kit/process-usage.ts';
import type { Tally } from './generator/deliveries.ts';
import type { Measured } from './generator/workload.ts';

/** CPU microseconds for one delivered event, by tier. */
export type CpuPerEvent = Readonly<Record<string, number>>;

/** The measurements of a steady load. */
export interface Flow extends Tally {
  readonly deliveriesPerSecond: number;
  readonly cpu: CpuPerEvent;
  /** Share of one core that the generator used. */
  readonly generatorCpu: number;
}

export const tallyOf = ({ deliveredInTime: _inTime, seconds: _seconds, ...tally }: Measured): Tally => tally;

/** The generator's measurements, with the CPU that each tier used meanwhile; the tier `generator` is separate. */
export function toFlow(measured: Measured, cpuMs: Record<string, number>): Flow {
  const { deliveredInTime, seconds } = measured;
  const { generator = 0, ...tiers } = cpuMs;
  const perEvent = Object.fromEntries(Object.entries(tiers).map(([tier, ms]) => [tier, (ms * 1000) / deliveredInTime]));
  return {
    ...tallyOf(measured),
    deliveriesPerSecond: deliveredInTime / seconds,
    cpu: { ...perEvent, all: sum(Object.values(perEvent)) },
    generatorCpu: generator / 1000 / seconds,
  };
}
