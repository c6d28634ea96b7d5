import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agoText, countText, durationText, figuresOf, figureText, memoryText, msText } from './text.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const minute = 60_000;
const day = 24 * 60 * minute;

test('counts are exact as long as there is room for them', () => {
  const texts = [0, 12, 1234, 9999, 12_340, 2_500_000].map((n) => plain(countText(n)));
  assert.deepEqual(texts, ['0', '12', '1,234', '9,999', '12.3 k', '2.5 M']);
});

test('milliseconds have a decimal where it matters, and a dash for none', () => {
  const texts = [null, 0.42, 9.96, 12.4, 640, 12_500].map((n) => plain(msText(n)));
  assert.deepEqual(texts, ['–', '0.4 ms', '10.0 ms', '12 ms', '640 ms', '12.5 s']);
});

test('durations have the units that people use', () => {
  const times = [800, 59_000, 92_000, 20 * minute, 125 * minute, 60 * minute, 6.6 * day, 3650 * day];
  const texts = times.map((ms) => plain(durationText(ms)));
  assert.deepEqual(texts, ['0 s', '59 s', '1 min 32 s', '20 min', '2 h 5 min', '1 h', '6 days', '10.0 years']);
  assert.deepEqual([agoText(200), plain(agoText(3000))], ['now', '3 s ago']);
});

test('a summary shows its figures and leaves out nested values', () => {
  const summary = { resume_ms: 641.27, ok: true, parts: { a: 1 }, none: null, more: 1 };
  assert.deepEqual(figuresOf(summary, 2), [
    ['resume ms', '641'],
    ['ok', 'true'],
  ]);
  assert.deepEqual([0.1234, 48_230, null, 'x'].map(figureText), ['0.12', '48,230', '–', 'x']);
  assert.equal(plain(memoryText(130_785_280)), '131 MB');
});
