import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FLUSH_SECONDS, lifecycle, MARGIN_SECONDS, PRE_STOP_SECONDS } from './lifecycle.ts';

const settings = fc.record({
  drainSeconds: fc.integer({ min: 0, max: 600 }),
  startSeconds: fc.integer({ min: 1, max: 600 }),
  replicas: fc.integer({ min: 1, max: 200 }),
});

test('the grace period is the sum of its phases, whatever the drain', () => {
  fc.assert(
    fc.property(settings, (args) => {
      const { preStopSeconds, drainSeconds, graceSeconds } = lifecycle(args);
      assert.equal(graceSeconds, preStopSeconds + drainSeconds + FLUSH_SECONDS + MARGIN_SECONDS);
      assert.equal(drainSeconds, args.drainSeconds);
    }),
  );
});

test("Gridlock's server leaves by itself before the kubelet kills it", () => {
  const main = readFileSync(new URL('../../../services/server/main.ts', import.meta.url), 'utf8');
  const deadlineMs = Number(/DEADLINE_MS = ([\d_]+)/.exec(main)?.[1]?.replaceAll('_', ''));
  assert.equal(deadlineMs, FLUSH_SECONDS * 1000);
  fc.assert(
    fc.property(settings, (args) => {
      const { preStopSeconds, graceSeconds } = lifecycle(args);
      assert.ok(preStopSeconds + args.drainSeconds + deadlineMs / 1000 < graceSeconds);
    }),
  );
});

test('the edge, which looks every 5 s, has learned of it before the signal', () => {
  assert.ok(PRE_STOP_SECONDS >= 2 * 5);
});

test('a rollout gets the time to replace every pod, and each step gets less than all of it', () => {
  fc.assert(
    fc.property(settings, (args) => {
      const { progressDeadlineSeconds, rolloutSeconds, graceSeconds, minReadySeconds } = lifecycle(args);
      assert.ok(rolloutSeconds >= args.replicas * (graceSeconds + minReadySeconds));
      assert.ok(progressDeadlineSeconds > graceSeconds + minReadySeconds);
    }),
  );
});
