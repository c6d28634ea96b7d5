import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inviteOf, isThisMachine, readPublicOrigin } from './address.ts';

const HERE = 'https://localhost:8443';
const LAN = 'https://192.168.1.20:8443';

test('names of this machine are distinguished from names that others can use', () => {
  for (const name of ['localhost', 'play.localhost', '127.0.0.1', '127.1.2.3', '[::1]']) assert.ok(isThisMachine(name));
  for (const name of ['192.168.1.20', 'play.example', 'localhost.example', '127.example', '[fe80::1]']) {
    assert.ok(!isThisMachine(name), name);
  }
});

test('a page that was opened by a name of this machine shares the public origin', () => {
  assert.deepEqual(inviteOf(HERE, LAN), { origin: LAN, isReachable: true });
  assert.deepEqual(inviteOf('https://[::1]:8443', LAN), { origin: LAN, isReachable: true });
});

test('without a public origin the link is for this machine, and says so', () => {
  assert.deepEqual(inviteOf(HERE, HERE), { origin: HERE, isReachable: false });
  assert.deepEqual(inviteOf(HERE, undefined), { origin: HERE, isReachable: false });
});

test('a page that was opened by another name shares that name, whatever the server says', () => {
  assert.deepEqual(inviteOf('https://play.example', LAN), { origin: 'https://play.example', isReachable: true });
});

test('only a web origin is accepted from the answer', () => {
  assert.equal(readPublicOrigin({ origin: LAN }), LAN);
  for (const answer of [{}, null, 'text', { origin: 7 }, { origin: 'javascript:alert(1)' }, { origin: '//x' }]) {
    assert.equal(readPublicOrigin(answer), undefined);
  }
});
