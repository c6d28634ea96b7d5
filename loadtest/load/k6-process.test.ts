import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNewEnough, versionOf } from './k6-process.ts';

test("the version is read from k6's output", () => {
  assert.deepEqual(versionOf('k6 v1.8.1 (go1.26.8, linux/amd64)'), [1, 8, 1]);
  assert.deepEqual(versionOf('k6 v2.0.0-rc1 (commit/abc)'), [2, 0, 0]);
  assert.equal(versionOf('no version'), undefined);
});
test('1.8 and newer will do', () => {
  assert.deepEqual(
    [
      [1, 7, 9],
      [0, 57, 0],
      [1, 8, 0],
      [1, 10, 0],
      [2, 0, 0],
    ].map(isNewEnough),
    [false, false, true, true, true],
  );
});
