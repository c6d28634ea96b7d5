import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planLoad } from './options.ts';

test('a scenario brings its own size, and flags change it', () => {
  const { sockets, vus, seconds, out } = planLoad('scale', {});
  assert.deepEqual({ sockets, vus, seconds, out }, { sockets: 8000, vus: 80, seconds: 240, out: 'load-results/scale' });
  const given = planLoad('smoke', { sockets: 40, vus: 2, duration: 120, target: 'local' });
  assert.deepEqual([given.sockets, given.vus, given.seconds, given.target], [40, 2, 120, 'local']);
});
test('a running cluster is named by its state directory', () => {
  assert.equal(planLoad('smoke', { target: 'compose', stateDir: '/tmp/x' }).stateDir, '/tmp/x');
  assert.equal(planLoad('smoke', { target: 'local' }).stateDir, undefined);
});
for (const [what, name, options, pattern] of [
  ['an unknown scenario', 'toString', {}, /^"toString" is not a scenario/],
  ['more virtual users than games', 'smoke', { sockets: 8, vus: 3 }, /^--vus is 3; .* at most 2 /],
  [
    'a directory for no cluster that runs',
    'smoke',
    { stateDir: '/tmp/x' },
    /^--state-dir is for --target local and --target compose\.$/,
  ],
  [
    'a number of replicas for a cluster that runs',
    'smoke',
    { replicas: 2, target: 'local' },
    /^--replicas is for a cluster of the run's own, without --target, not for --target local\.$/,
  ],
] as const) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(() => planLoad(name, options), { name: 'UsageError', message: pattern });
  });
}
