import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { BreakAccess } from './break-access.ts';

const KEYS: Readonly<Record<string, string>> = { 'operator-key': 'olga' };
const origins = ['https://localhost:8443', 'https://127.0.0.1:8443'];
const access = new BreakAccess({ origins, keys: { nameOf: (shown) => KEYS[shown] } });
const withoutKeys = new BreakAccess({ origins, keys: undefined });

/** The headers that the edge passes on from a request of the page on this machine. */
const HERE: IncomingHttpHeaders = {
  host: 'localhost:8443',
  origin: 'https://localhost:8443',
  'x-forwarded-for': '127.0.0.1',
  'gridlock-break-from': 'loopback',
  'gridlock-break': 'page',
};
const ELSEWHERE: IncomingHttpHeaders = { ...HERE, 'x-forwarded-for': '192.0.2.7', 'gridlock-break-from': undefined };

const codeOf = (headers: IncomingHttpHeaders, method = 'POST', by = access) => by.problem({ headers, method })?.code;

test('a page on this machine may break something, from each of its origins', () => {
  assert.equal(codeOf(HERE), undefined);
  const address = { host: '127.0.0.1:8443', origin: 'https://127.0.0.1:8443', 'x-forwarded-for': '::1' };
  assert.equal(codeOf({ ...HERE, ...address }), undefined);
});

test("from elsewhere, only the operator's key is accepted", () => {
  assert.equal(codeOf(ELSEWHERE), 'not_allowed');
  assert.equal(codeOf({ ...ELSEWHERE, authorization: 'Bearer operator-key' }), undefined);
  assert.equal(codeOf({ ...ELSEWHERE, authorization: 'Bearer shop-key' }), 'unauthorized');
  assert.equal(codeOf({ ...ELSEWHERE, authorization: 'Bearer ' }), 'unauthorized');
  assert.equal(codeOf({ ...ELSEWHERE, authorization: 'Basic operator-key' }), 'unauthorized');
  assert.equal(codeOf({ ...ELSEWHERE, authorization: 'Bearer operator-key' }, 'POST', withoutKeys), 'not_allowed');
});

test('neither the header of the edge nor the address alone proves that a request is from this machine', () => {
  assert.equal(codeOf({ ...HERE, 'gridlock-break-from': undefined }), 'not_allowed');
  assert.equal(codeOf({ ...HERE, 'x-forwarded-for': undefined }), 'not_allowed');
  for (const address of ['192.0.2.7', '127.0.0.1, 192.0.2.7', '2002:7f00:1::', 'localhost', '128.0.0.1'])
    assert.equal(codeOf({ ...HERE, 'x-forwarded-for': address }), 'not_allowed', address);
});

test('another name for this machine is refused, so that a page elsewhere cannot use a name that resolves to it', () => {
  for (const host of ['evil.example:8443', 'localhost', 'localhost:8444', 'localhost:8443.evil.example', undefined])
    assert.equal(codeOf({ ...HERE, host, origin: `https://${host}` }), 'misdirected', host);
});

test('a page of another origin is refused, and so is a request without an origin', () => {
  for (const origin of ['https://evil.example', 'https://127.0.0.1:8443', 'http://localhost:8443', 'null', undefined])
    assert.equal(codeOf({ ...HERE, origin }), 'origin_not_allowed', origin);
  const withKey = { ...ELSEWHERE, authorization: 'Bearer operator-key', origin: 'https://evil.example' };
  assert.equal(codeOf(withKey), 'origin_not_allowed');
});

test('a request that a form could send is refused', () => {
  assert.equal(codeOf({ ...HERE, 'gridlock-break': undefined }), 'header_missing');
});

test('only a client that may break something is told what it may break', () => {
  assert.equal(codeOf({ ...HERE, origin: undefined, 'gridlock-break': undefined }, 'GET'), undefined);
  assert.equal(codeOf(ELSEWHERE, 'GET'), 'not_allowed');
  assert.equal(codeOf({ ...HERE, host: 'evil.example' }, 'GET'), 'misdirected');
});
