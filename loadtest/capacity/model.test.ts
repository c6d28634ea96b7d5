import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busyCores, capacityFor, HOURS_A_MONTH, type Measured } from './model.ts';
import { DEFAULTS, planOf } from './plan-numbers.ts';

const measured: Measured = {
  at: '2030-01-01T00:00:00Z',
  commit: 'abc',
  machine: 'two cores',
  versions: 'node v24',
  cpu: {
    replicas: { idlePerSecond: 20_000, perEvent: 40 },
    redis: { idlePerSecond: 5000, perEvent: 10 },
    edge: { idlePerSecond: 0, perEvent: 25 },
  },
  perHandshake: { replicas: 500, redis: 50, edge: 1000 },
  memory: {
    replicas: { perProcess: 80e6, perSocket: 7000 },
    redis: { perProcess: 10e6, perSocket: 0 },
    edge: { perProcess: 30e6, perSocket: 20_000 },
  },
  reached: {
    replica: { sockets: 5000, eventsPerSecond: 10_000 },
    edge: { sockets: 9000, eventsPerSecond: 20_000 },
    redis: { games: 1000, movesPerSecond: 4000 },
  },
  fittedAt: [300, 1000],
  replicas: 4,
  groupSize: 4,
  movesPerSecond: 2,
};
const plan = { ...planOf(DEFAULTS), players: 100_000, playing: 0.5, movesPerSecond: 0.5, groupSize: 4 };

test('events are the moves of the active players, delivered to each player of their game', () => {
  const { movesPerSecond, eventsPerSecond, games } = capacityFor(measured, plan);
  assert.deepEqual(
    { movesPerSecond, eventsPerSecond, games },
    { movesPerSecond: 25_000, eventsPerSecond: 100_000, games: 12_500 },
  );
});

test('cores are events times their cost, with room for peaks and one spare process', () => {
  const { busyCores: cores, processes } = capacityFor(measured, { ...plan, utilisation: 0.5, socketsPerReplica: 1e6 });
  assert.deepEqual(cores, { replicas: 4, redis: 1, edge: 2.5 });
  assert.deepEqual([processes.replicas, processes.redis], [9, 2]);
  assert.ok(processes.edge >= 6, String(processes.edge));
});

test('cores half as fast are twice as many', () => {
  const { busyCores: cores } = capacityFor(measured, { ...plan, coreSpeed: 0.5 });
  assert.equal(cores.replicas, 8);
});

test('many players with few moves are bounded by sockets, not by events', () => {
  const idle = capacityFor(measured, { ...plan, playing: 0.01, socketsPerReplica: 10_000 });
  assert.equal(idle.processes.replicas, 11);
});

test('a short time to come back asks for more edges', () => {
  const quick = capacityFor(measured, { ...plan, reconnectSeconds: 1 });
  const slow = capacityFor(measured, { ...plan, reconnectSeconds: 60 });
  assert.ok(quick.processes.edge > slow.processes.edge);
});

test('the bill is the sum of its parts, each at its price', () => {
  const price = { coreHour: 1, gigabyteHour: 0, egressGigabyte: 0, loadBalancerHour: 0 };
  const { processes, bill } = capacityFor(measured, { ...plan, price });
  assert.equal(bill.total, (processes.replicas + processes.edge + 2 * processes.redis) * HOURS_A_MONTH);
});

test('busy cores are the events times their cost, plus the base load', () => {
  assert.equal(busyCores(measured, 'replicas', 1000), 0.06);
});
