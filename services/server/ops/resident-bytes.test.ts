import assert from 'node:assert/strict';
import { test } from 'node:test';
import { residentBytes } from './resident-bytes.ts';

test('where the system cannot be asked for want of a descriptor, what it last told counts', (t) => {
  const told = residentBytes();
  assert.ok(told > 1_000_000);
  t.mock.method(process.memoryUsage, 'rss', () => {
    throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  });
  assert.equal(residentBytes(), told);
});
