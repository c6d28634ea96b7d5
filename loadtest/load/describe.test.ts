import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeGenerator, describeMachine } from './describe.ts';

const p = (p99: number) => ({ samples: 9, p50: 1, p95: 1, p99, max: p99 });
const generator = (delay: number, move: number) =>
  describeGenerator({ metrics: { generator_delay_ms: p(delay), move_round_trip_ms: p(move) } });

test('a generator that is late for a good part of the round trip is reported', () => {
  assert.match(generator(2700, 3300)!, /up to 2700 ms late \(p99\).*round trip of 3300 ms/);
});
test('a generator that is in time, or whose delay is small compared with the round trip, is not mentioned', () => {
  assert.deepEqual([generator(20, 30), generator(150, 3000)], [undefined, undefined]);
});
test('the load of the machine is reported next to that of the run', () => {
  const machine = {
    cores: 2,
    memoryBytes: 1,
    system: 'Linux',
    busy: { cores: 1.86, waitedForCore: 0.8, waitedForDisk: 0.02 },
  };
  const text = describeMachine({ machine, cpu: { k6: { mean: 0.5, most: 1 }, edge: { mean: 0.12, most: 1 } } });
  assert.equal(
    text,
    '1.9 of 2 cores busy, 0.6 by the parts of this run; something waited for a core 80 % of the time, for the disk 2 %',
  );
});
