import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeOf, OTHER_SERVER } from './testing.ts';

test("a user's server gets its open variables in the pod and its secret ones from a Secret", () => {
  const variables = {
    'gridlock:serverEnvironment': '{"LOG_LEVEL":"info"}',
    'gridlock:serverSecretEnvironment': '{"SESSION_KEY":"hush"}',
  };
  const { environment, secretEnvironment } = madeOf({ ...OTHER_SERVER, ...variables }).args;
  assert.deepEqual([environment, secretEnvironment], [{ LOG_LEVEL: 'info' }, { SESSION_KEY: 'hush' }]);
  assert.equal(madeOf(OTHER_SERVER).args.secretEnvironment, undefined);
});
