import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bySecond, type UsageSample, UsageSampler } from './usage-sampler.ts';

const sample = (at: number, cpuMs: number): UsageSample => ({ at, cpuMs, residentBytes: at, descriptors: 1 });

test('samples less often than once a second are placed at their own seconds', () => {
  const samples = [sample(0, 0), sample(2, 1000), sample(4, 3000)];
  assert.deepEqual(
    bySecond(samples, 0, 5).map((second) => second?.cpu ?? null),
    [0.5, 0.5, 1, 1, null],
  );
});
test('seconds count from the start of the players, and are empty beyond the samples', () => {
  const samples = [sample(3, 0), sample(4, 250), sample(5, 750)];
  assert.deepEqual(
    bySecond(samples, 1, 6).map((second) => second?.cpu ?? null),
    [null, null, 0.25, 0.5, null, null],
  );
  assert.deepEqual(bySecond([], 0, 2), [null, null]);
});
test('the load of the machine is reported where the kernel provides it', {
  skip: process.platform !== 'linux',
}, async () => {
  const usage = new UsageSampler(async () => ({ own: [process.pid] }));
  const sampledMs = () => {
    const samples = usage.samples.get('own') ?? [];
    return (samples.at(-1)?.cpuMs ?? 0) - (samples[0]?.cpuMs ?? 0);
  };
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  usage.start();
  while (sampledMs() < 500 && performance.now() < startedAt + 60_000) await new Promise(setImmediate);
  usage.stop();
  const { user, system } = process.cpuUsage(before);
  // Of the time that this process got on a machine that may have been busy with others.
  const own = (user + system) / 1000 / (performance.now() - startedAt);
  const machine = usage.machine();
  assert.ok(machine && machine.cores > 0.1, JSON.stringify(machine));
  assert.ok(usage.cpu()['own']!.mean > own / 2, JSON.stringify([usage.cpu(), own]));
});
