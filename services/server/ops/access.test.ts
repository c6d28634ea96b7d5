import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessProblem, isLoopback } from './access.ts';

test('the page is answered to addresses and localhost, and to no other name', () => {
  const problems = [
    'localhost:9090',
    'ops.localhost',
    '127.0.0.1:9090',
    '[::1]:9090',
    '172.18.0.4:9090',
    'evil.example',
    '',
  ].map((host) => accessProblem({ headers: { host } }) === undefined);
  assert.deepEqual(problems, [true, true, true, true, true, false, false]);
});

test('a page of another origin may not ask', () => {
  const headers = { host: 'localhost:9090' };
  assert.equal(accessProblem({ headers: { ...headers, origin: 'http://localhost:9090' } }), undefined);
  assert.match(accessProblem({ headers: { ...headers, origin: 'http://evil.example' } }) ?? '', /Another page/);
});

test('the machine itself is told from an address of a network', () => {
  const loopback = [
    'localhost:9090',
    '127.0.0.2:1',
    '[::1]',
    '172.18.0.4:9090',
    'evil.example',
    '127.evil.example',
  ].map((host) => isLoopback({ headers: { host } }));
  assert.deepEqual(loopback, [true, true, true, false, false, false]);
});
