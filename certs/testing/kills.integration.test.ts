import assert from 'node:assert/strict';
import { test } from 'node:test';
import { survive } from './kills.ts';
import { withoutHaproxy } from './test-edge.ts';

// In full: node certs/testing/kills.ts --kills 200
test('rotate, watch and rollover killed at random moments leave a usable directory and a valid chain at the edge', {
  skip: withoutHaproxy,
}, async () => {
  const report = await survive(12);
  assert.equal(report.kills, 12);
  assert.equal(report.restartsOfTheEdge, 1);
});
