import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCENARIOS } from '../scenarios/index.ts';
import { HELP, readOptions, secondsOf } from './options.ts';

test('a scenario brings its own size, and flags change it', () => {
  const { sockets, vus, seconds, out } = readOptions(['scale'])!;
  assert.deepEqual({ sockets, vus, seconds, out }, { sockets: 8000, vus: 80, seconds: 240, out: 'load-results/scale' });
  const given = readOptions(['smoke', '--sockets', '40', '--vus', '2', '--duration', '2m', '--target', 'local'])!;
  assert.deepEqual([given.sockets, given.vus, given.seconds, given.target], [40, 2, 120, 'local']);
});
test('the help names every scenario', () => {
  for (const name of Object.keys(SCENARIOS)) assert.match(HELP, new RegExp(`^  ${name} `, 'm'));
  assert.equal(readOptions(['--help']), undefined);
});
test('a running cluster is named by its state directory', () => {
  assert.equal(readOptions(['smoke', '--target', 'compose', '--state-dir', '/tmp/x'])!.stateDir, '/tmp/x');
  assert.equal(readOptions(['smoke', '--target', 'local'])!.stateDir, undefined);
});
test('durations are seconds, minutes or hours', () => {
  assert.deepEqual(['90', '90s', '30m', '1h'].map(secondsOf), [90, 90, 1800, 3600]);
});
for (const [what, args, pattern] of [
  ['no scenario', [], /^A scenario is missing: npm run load -- smoke\|/],
  ['an unknown scenario', ['toString'], /^"toString" is no scenario/],
  ['an unknown flag', ['smoke', '--socket', '3'], /--socket/],
  ['a number that is none', ['smoke', '--sockets', 'many'], /^--sockets is "many"; a whole number from 4/],
  ['a duration that is none', ['smoke', '--duration', 'soon'], /^--duration is "soon"/],
  [
    'a directory for no cluster that runs',
    ['smoke', '--state-dir', '/tmp/x'],
    /^--state-dir is for --target local and --target compose\.$/,
  ],
  [
    'a number of replicas for a cluster that runs',
    ['smoke', '--replicas', '2', '--target', 'local'],
    /^--replicas is for a cluster of the run's own, without --target, not for --target local\.$/,
  ],
  ['a design that is none', ['smoke', '--design', 'other'], /^--design is "other"/],
] as const) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(() => readOptions(args), { name: 'UsageError', message: pattern });
  });
}
