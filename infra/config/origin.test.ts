import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicOrigins, publicUrl } from './origin.ts';

test('the usual port is not written, and an IPv6 address stands in brackets', () => {
  assert.equal(publicUrl({ host: 'play.example', port: 443 }), 'https://play.example');
  assert.equal(publicUrl({ host: '::1', port: 8443 }), 'https://[::1]:8443');
});

test('this machine is reached by all its names, a public one by its own only', () => {
  const local = ['https://localhost:8443', 'https://127.0.0.1:8443', 'https://[::1]:8443'];
  assert.deepEqual(publicOrigins({ host: 'localhost', port: 8443 }), local);
  assert.deepEqual(publicOrigins({ host: '::1', port: 8443 }), local);
  assert.deepEqual(publicOrigins({ host: 'play.example', port: 443 }), ['https://play.example']);
});
