import type { Flow } from '../flow.ts';
import type { Crowd, LoadedSystem } from '../loaded-system.ts';
import type { Size } from '../sizes.ts';

/** The quantity that grows while the deliveries a second stay the same. */
export type Series = 'rooms' | 'members' | 'idle';

export interface GrowthPoint extends Flow {
  readonly series: Series;
  /** Rooms, members of each room, or idle sockets. */
  readonly count: number;
}

export type GrowthStep = Crowd & Pick<GrowthPoint, 'series' | 'count'>;

/** Every point of every series, each to be measured on a system started from scratch. */
export function growthSteps({ rooms, members, idle }: Size['growth']): GrowthStep[] {
  return [
    ...rooms.counts.map((count) => ({
      series: 'rooms' as const,
      count,
      players: count * rooms.members,
      groupSize: rooms.members,
    })),
    ...members.counts.map((count) => ({
      series: 'members' as const,
      count,
      players: members.players,
      groupSize: count,
    })),
    ...idle.counts.map((count) => ({
      series: 'idle' as const,
      count,
      players: idle.rooms * idle.members,
      groupSize: idle.members,
      idle: count,
    })),
  ];
}

export async function measureGrowth(loaded: LoadedSystem, step: GrowthStep, size: Size): Promise<GrowthPoint> {
  const { deliveries, warmSeconds, seconds } = size.growth;
  const rate = deliveries / step.groupSize;
  await loaded.heat(step, rate, size.heatSeconds);
  const { series, count } = step;
  return { series, count, ...(await loaded.flow('play', { rate, warmSeconds, seconds })) };
}
