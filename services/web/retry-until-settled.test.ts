import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridlockError } from '../client/index.ts';
import { retryUntilSettled } from './retry-until-settled.ts';

const failing = (...codes: ConstructorParameters<typeof GridlockError>[0][]) => {
  const calls: string[] = [];
  const request = async () => {
    const code = codes.shift();
    calls.push(code ?? 'answered');
    if (code) throw new GridlockError(code, 'No.');
  };
  return { calls, request };
};

const always = () => true;
const atOnce = async () => {};

test('a request that failed without a connection is repeated until it is answered', async () => {
  const { calls, request } = failing('queue_expired', 'closed', 'timeout');
  await retryUntilSettled(request, always, atOnce);
  assert.deepEqual(calls, ['queue_expired', 'closed', 'timeout', 'answered']);
});

test('a request that the server refused for good is not repeated', async () => {
  const { calls, request } = failing('not_a_player');
  await retryUntilSettled(request, always, atOnce);
  assert.deepEqual(calls, ['not_a_player']);
});

test('a request that is no longer wanted when the connection is back is not repeated', async () => {
  let wanted = true;
  const { calls, request } = failing('queue_expired');
  await retryUntilSettled(
    request,
    () => wanted,
    async () => void (wanted = false),
  );
  assert.deepEqual(calls, ['queue_expired']);
});
