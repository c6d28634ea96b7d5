import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flow, result } from '../testing/results.ts';
import { flatnessOf, soakParts, soakPicture } from './report.ts';

const MEBIBYTE = 2 ** 20;
/** Ten minutes of samples. */
const memory = (mebibytes: (second: number) => number) =>
  Array.from({ length: 300 }, (_, index) => ({ at: 2 * index, residentBytes: mebibytes(2 * index) * MEBIBYTE }));

test('memory that only grows at the beginning is flat', () => {
  assert.equal(flatnessOf(memory((second) => 200 + Math.min(second, 100)))?.isFlat, true);
});

test('memory that goes up and down is flat', () => {
  assert.equal(flatnessOf(memory((second) => 300 + 40 * Math.sin(second / 7)))?.isFlat, true);
});

test('memory that grows all the time is not', () => {
  assert.equal(flatnessOf(memory((second) => 200 + second / 8))?.isFlat, false);
});

test('too few samples give no verdict', () => {
  assert.equal(flatnessOf([]), undefined);
  assert.equal(flatnessOf(memory(() => 100).slice(0, 2)), undefined);
});

test('the table has the memory of each tier, and whether it is flat', () => {
  const soak = {
    ...flow(50),
    minutes: 10,
    memory: { replicas: memory(() => 400), redis: memory((second) => 10 + second), edge: [] },
  };
  const found = result([{ system: 'ours', repetition: 1, soak, problems: {} }], ['ours']);
  const text = soakParts(found).join('\n');
  assert.match(text, /\| OURS \| none \| 400 → 400, flat \| \d+ → \d+, grows \| too few samples \|/);
  assert.match(soakPicture(found)!, /replicas.*redis.*edge/s);
});
