import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localOrigins, publicOrigins, publicUrl, urlOf } from './origin.ts';

test('the usual port is not written, and an IPv6 address stands in brackets', () => {
  assert.equal(publicUrl({ host: 'play.example', port: 443 }), 'https://play.example');
  assert.equal(publicUrl({ host: '::1', port: 8443 }), 'https://[::1]:8443');
});

test('this machine has all its names, a public host only its own', () => {
  const local = ['https://localhost:8443', 'https://127.0.0.1:8443', 'https://[::1]:8443'];
  assert.deepEqual(publicOrigins({ host: 'localhost', port: 8443 }), local);
  assert.deepEqual(publicOrigins({ host: '::1', port: 8443 }), local);
  assert.deepEqual(publicOrigins({ host: 'play.example', port: 443 }), ['https://play.example']);
});

test('a browser may use every name of this machine, without the port where it is the standard one', () => {
  assert.deepEqual(localOrigins({ host: 'game.example', port: 8443 }), [
    'https://game.example:8443',
    'https://localhost:8443',
    'https://127.0.0.1:8443',
    'https://[::1]:8443',
  ]);
  assert.deepEqual(localOrigins({ host: '::1', port: 443 }), [
    'https://[::1]',
    'https://localhost',
    'https://127.0.0.1',
  ]);
});

test('an address is written in the form of a browser', () => {
  assert.equal(urlOf('https', 'localhost', 8443), 'https://localhost:8443');
  assert.equal(urlOf('https', '::1', 443), 'https://[::1]');
  assert.equal(urlOf('http', 'a.example', 80), 'http://a.example');
});
