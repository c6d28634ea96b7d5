import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODES, closeCode, ERROR_CODES, isWorthRepeating } from './codes.ts';

test('no two entries of the table share a code', () => {
  const codes = Object.values(CLOSE_CODES).map((entry) => entry.code);
  assert.equal(new Set(codes).size, codes.length);
});

test('codes of our own lie in the range that RFC 6455 leaves to applications', () => {
  for (const { code } of Object.values(CLOSE_CODES)) {
    assert.ok((code >= 1000 && code <= 1013) || (code >= 4400 && code <= 4499), String(code));
  }
});

test('an unknown 44xx code stops the client and any other unknown one lets it reconnect', () => {
  assert.equal(closeCode(4499).advice, 'stop');
  assert.equal(closeCode(1014).advice, 'reconnect');
  assert.equal(closeCode(3000).advice, 'reconnect');
});

test('a client reconnects after a restart of its replica, but not after it was superseded', () => {
  assert.equal(closeCode(1012).advice, 'reconnect');
  assert.equal(closeCode(4409).advice, 'stop');
  assert.equal(closeCode(4401).advice, 'authenticate');
});

test('a request is repeated after a code with `retry` in the table, and never after a refusal of an application', () => {
  for (const [code, { retry }] of Object.entries(ERROR_CODES)) assert.equal(isWorthRepeating(code), retry, code);
  assert.equal(isWorthRepeating('cell_taken'), false);
});
