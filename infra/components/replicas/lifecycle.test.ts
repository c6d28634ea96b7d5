import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { stackConfig } from '../../config/config.ts';
import { FLUSH_SECONDS, lifecycle, MARGIN_SECONDS, PRE_STOP_SECONDS } from './lifecycle.ts';

const settings = fc.record({
  drainMs: fc.integer({ min: 0, max: 600_000 }),
  replicas: fc.integer({ min: 1, max: 16 }),
  maxReplicas: fc.integer({ min: 16, max: 200 }),
  autoscaling: fc.constantFrom('adapter' as const, 'existing' as const, 'none' as const),
});

test('the grace is the sum of what happens in it, whatever the drain window', () => {
  fc.assert(
    fc.property(settings, (config) => {
      const { preStopSeconds, drainSeconds, graceSeconds } = lifecycle(config);
      assert.equal(graceSeconds, preStopSeconds + drainSeconds + FLUSH_SECONDS + MARGIN_SECONDS);
      assert.ok(drainSeconds * 1000 >= config.drainMs);
    }),
  );
});

test('the process leaves by itself before the kubelet kills it', () => {
  const main = readFileSync(new URL('../../../services/server/main.ts', import.meta.url), 'utf8');
  const deadlineMs = Number(/DEADLINE_MS = ([\d_]+)/.exec(main)?.[1]?.replaceAll('_', ''));
  assert.equal(deadlineMs, FLUSH_SECONDS * 1000);
  fc.assert(
    fc.property(settings, (config) => {
      const { preStopSeconds, graceSeconds } = lifecycle(config);
      assert.ok(preStopSeconds * 1000 + config.drainMs + deadlineMs < graceSeconds * 1000);
    }),
  );
});

test('the edge, which looks every 5 s, has learned of it before SIGTERM', () => {
  assert.ok(PRE_STOP_SECONDS >= 2 * 5);
});

test('a rollout is given the time to replace every pod, and each step less than all of it', () => {
  fc.assert(
    fc.property(settings, (config) => {
      const { progressDeadlineSeconds, rolloutSeconds, graceSeconds, minReadySeconds } = lifecycle(config);
      const pods = config.autoscaling === 'none' ? config.replicas : config.maxReplicas;
      assert.ok(rolloutSeconds >= pods * (graceSeconds + minReadySeconds));
      assert.ok(progressDeadlineSeconds > graceSeconds + minReadySeconds);
    }),
  );
});

test('with the defaults a pod has 22 s', () => {
  assert.equal(lifecycle(stackConfig('dev', {})).graceSeconds, 22);
});
