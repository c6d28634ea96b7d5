import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repetitions } from '../../tests/kit/repetitions.ts';
import { survive } from './kills.ts';
import { withoutHaproxy } from './test-edge.ts';

const KILLS = repetitions(12, 200);

test('rotate, watch and rollover killed at random moments leave a usable directory and a valid chain at the edge', {
  skip: withoutHaproxy,
}, async () => {
  const report = await survive(KILLS);
  assert.equal(report.kills, KILLS);
  assert.equal(report.restartsOfTheEdge, Math.floor(KILLS / 10));
});
