import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { PlayerName } from '../../protocol/index.ts';
import { proposeName, readName } from './guest.ts';

const pick = fc.func(fc.nat()).map((next) => {
  let calls = 0;
  return (below: number) => next(calls++) % below;
});

test('the server accepts every proposed name', () => {
  fc.assert(fc.property(pick, (choose) => v.is(PlayerName, proposeName(choose))));
});

test('the server accepts the name that is read from any typed text', () => {
  const typed = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 }));
  fc.assert(fc.property(typed, (text) => readName(text) === '' || v.is(PlayerName, readName(text))));
});

test('a name pasted with invisible characters keeps only the visible ones', () => {
  assert.equal(readName('\u202eAnn\u200b \tLee '), 'Ann Lee');
  assert.equal(readName('\u200b'), '');
});
