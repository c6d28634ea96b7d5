import type { Episode } from '../episode.ts';
import type { Flow } from '../flow.ts';
import type { Result } from '../result.ts';
import { SIZES } from '../sizes.ts';

/** A flow with this cost per event. */
export const flow = (all: number, given: Partial<Flow> = {}): Flow => ({
  sent: 1,
  expected: 4,
  delivered: 4,
  lost: 0,
  vanished: 0,
  duplicated: 0,
  late: 0,
  p50: 1,
  p95: 2,
  p99: 3,
  deliveriesPerSecond: 8000,
  cpu: { replicas: all / 2, redis: all / 4, edge: all / 4, all },
  generatorCpu: 0.25,
  ...given,
});

/** A result with these systems, whose labels are their names in capitals. */
export const result = (episodes: Episode[], names: readonly string[] = ['ours', 'socket.io-redis']): Result => ({
  startedAt: '2030-01-02T03:04:05Z',
  finishedAt: '2030-01-02T03:14:05Z',
  commit: 'abc',
  episodes,
  machine: { cores: 2, model: 'a CPU', memoryGb: 8, kernel: '6' },
  versions: { node: 'v24' },
  size: SIZES.full,
  workloads: ['moves'],
  systems: names.map((name) => ({ name, label: name.toUpperCase(), persistence: 'none' })),
});
