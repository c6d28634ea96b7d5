import type { Capacity, Measured, Plan } from './model.ts';

/** One load that a plan puts on a process, next to the most that was measured. */
export interface PlanCheck {
  readonly process: 'replica' | 'edge' | 'Redis shard';
  readonly what: string;
  readonly asked: number;
  readonly measured: number;
}

/**
 * The load that a plan puts on each process when one replica and one edge are missing. Where that exceeds the
 * measurement, the plan extrapolates it.
 */
export function checkPlan({ reached }: Measured, { players, coreSpeed }: Plan, capacity: Capacity): PlanCheck[] {
  const { eventsPerSecond, movesPerSecond, games, processes } = capacity;
  const spare = { replicas: Math.max(1, processes.replicas - 1), edge: Math.max(1, processes.edge - 1) };
  return [
    { process: 'replica', what: 'sockets', asked: players / spare.replicas, measured: reached.replica.sockets },
    {
      process: 'replica',
      what: 'deliveries a second',
      asked: eventsPerSecond / spare.replicas,
      measured: reached.replica.eventsPerSecond * coreSpeed,
    },
    { process: 'edge', what: 'sockets', asked: players / spare.edge, measured: reached.edge.sockets },
    {
      process: 'edge',
      what: 'deliveries a second',
      asked: eventsPerSecond / spare.edge,
      measured: reached.edge.eventsPerSecond * coreSpeed,
    },
    { process: 'Redis shard', what: 'games', asked: games / processes.redis, measured: reached.redis.games },
    {
      process: 'Redis shard',
      what: 'moves a second',
      asked: movesPerSecond / processes.redis,
      measured: reached.redis.movesPerSecond * coreSpeed,
    },
  ];
}
