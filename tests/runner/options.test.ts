import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../infra/usage-error.ts';
import { chooseWhat, type Flags, INTEGRATION } from './options.ts';

const UNIT_FILE = 'tests/runner/options.test.ts';
const INTEGRATION_FILE = 'certs/cli/use.integration.test.ts';

test('without a file everything is chosen, and a flag leaves out the rest', () => {
  const kinds = (flags: Flags) => {
    const { files, lint, types, everything } = chooseWhat([], flags);
    assert.equal(everything, true);
    const unit = files.includes(UNIT_FILE);
    assert.equal(
      unit,
      files.some((file) => !INTEGRATION.test(file)),
    );
    const integration = files.includes(INTEGRATION_FILE);
    assert.equal(
      integration,
      files.some((file) => INTEGRATION.test(file)),
    );
    return { lint, types, unit, integration };
  };
  assert.deepEqual(kinds({}), { lint: true, types: true, unit: true, integration: true });
  assert.deepEqual(kinds({ unit: true }), { lint: true, types: true, unit: true, integration: false });
  assert.deepEqual(kinds({ integration: true }), { lint: false, types: false, unit: false, integration: true });
  assert.deepEqual(kinds({ lint: true }), { lint: true, types: false, unit: false, integration: false });
  assert.deepEqual(kinds({ checks: true }), { lint: true, types: true, unit: false, integration: false });
});

test('files, folders and patterns are distinguished from options of Node and their values', () => {
  const { files, nodeOptions, lint, types, full, measure } = chooseWhat(
    ['certs/cli', '--test-name-pattern', 'issue', UNIT_FILE, '--test-only', 'tests/runner/opt*.test.ts'],
    { full: true },
  );
  assert.ok(files.includes(INTEGRATION_FILE));
  assert.equal(files.filter((file) => file === UNIT_FILE).length, 1);
  assert.deepEqual(nodeOptions, ['--test-name-pattern', 'issue', '--test-only']);
  assert.deepEqual([lint, types, full, measure], [false, false, true, false]);
});

test('an argument without test files is refused', () => {
  assert.throws(() => chooseWhat(['nowhere'], {}), new UsageError('There are no test files at nowhere.'));
});
