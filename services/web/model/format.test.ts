import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellLabel, count, formatRoundTrip, gameLink, list, ordinalSuffix, readCode } from './format.ts';

test('a round trip is shown in whole milliseconds, or as a dash before the first', () => {
  assert.equal(formatRoundTrip(undefined), '– ms');
  assert.equal(formatRoundTrip(0.4), '<1 ms');
  assert.equal(formatRoundTrip(12.6), '13 ms');
});

test('nouns are singular or plural as the number requires', () => {
  assert.deepEqual(
    [0, 1, 2].map((n) => count(n, 'game')),
    ['0 games', '1 game', '2 games'],
  );
});

test('ordinals of 11 to 13 end in th', () => {
  const places = [1, 2, 3, 4, 11, 12, 13, 21].map((n) => `${n}${ordinalSuffix(n)}`);
  assert.deepEqual(places, ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st']);
});

test('names are joined as in a sentence', () => {
  assert.deepEqual([[], ['Ann'], ['Ann', 'Ben'], ['Ann', 'Ben', 'Cleo']].map(list), [
    '',
    'Ann',
    'Ann and Ben',
    'Ann, Ben and Cleo',
  ]);
});

test('a cell is named by row and column, counted from one, and by its holder', () => {
  assert.equal(cellLabel(0, 9, undefined), 'row 1, column 1, free');
  assert.equal(cellLabel(22, 9, 'Ann'), 'row 3, column 5, held by Ann');
});

test('a code is read from the code itself, in any case, and from a link', () => {
  for (const text of ['K7MPQ2', ' k7mpq2 ', 'k7m-pq2', 'https://localhost:8443/#K7MPQ2', '#k7mpq2']) {
    assert.equal(readCode(text), 'K7MPQ2', text);
  }
});

test('other text gives no code', () => {
  for (const text of ['', 'K7MPQ', 'K7MPQ22', 'K7MPO0', 'https://localhost:8443/']) {
    assert.equal(readCode(text), undefined, text);
  }
});

test('the link of a game gives its code back', () => {
  assert.equal(readCode(gameLink('https://localhost:8443', 'ABCDEF')), 'ABCDEF');
});
