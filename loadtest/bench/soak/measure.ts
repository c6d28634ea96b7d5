import { UsageSampler } from '../../kit/usage-sampler.ts';
import type { Flow } from '../flow.ts';
import type { LoadedSystem } from '../loaded-system.ts';
import type { Size } from '../sizes.ts';

/** Resident bytes of all processes of a tier at one second of the run. */
export interface MemorySample {
  readonly at: number;
  readonly residentBytes: number;
}

/** A long steady load. */
export interface Soak extends Flow {
  readonly minutes: number;
  readonly memory: Readonly<Record<string, readonly MemorySample[]>>;
}

/** Samples of a tier that are kept. */
const KEPT = 300;

/** The load of the moves at their fixed rate, for minutes, with the memory of each tier. */
export async function measureSoak(loaded: LoadedSystem, size: Size): Promise<Soak> {
  const { players, groupSize, rate, heatSeconds, soak } = size;
  await loaded.heat({ players, groupSize }, rate * players, heatSeconds);
  const sampler = new UsageSampler(async () => loaded.stage.tiers);
  sampler.start();
  try {
    const flow = await loaded.flow('play', { rate: rate * players, warmSeconds: 0, seconds: soak.minutes * 60 });
    const memory = [...sampler.samples].map(([tier, samples]) => {
      const every = Math.ceil(samples.length / KEPT);
      const kept = samples.filter((_, index) => index % every === 0);
      return [tier, kept.map(({ at, residentBytes }) => ({ at, residentBytes }))] as const;
    });
    return { ...flow, minutes: soak.minutes, memory: Object.fromEntries(memory) };
  } finally {
    sampler.stop();
  }
}
