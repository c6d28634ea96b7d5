import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, unpack } from './message-pack.ts';

test('a message is read as it was written', () => {
  const message = {
    n: 300,
    seat: 3,
    small: 127,
    fraction: 0.5,
    less: -1.5,
    yes: true,
    no: false,
    nothing: null,
    name: 'p',
    long: 'x'.repeat(40),
    scores: [17, 70_000, 2 ** 40],
  };
  assert.deepEqual(unpack(Buffer.concat([Buffer.from([13]), pack('move'), pack(message)]), 1), ['move', message]);
});

test('shorter forms of other writers are read too', () => {
  const bytes = Buffer.from([
    0xcc, 200, 0xcd, 1, 0, 0xd9, 1, 0x61, 0xff, 0xdc, 0, 1, 0x05, 0xde, 0, 1, 0xa1, 0x62, 0x07,
  ]);
  assert.deepEqual(unpack(bytes, 0), [200, 256, 'a', -1, [5], { b: 7 }]);
  assert.throws(() => unpack(Buffer.from([0xc1]), 0), /0xc1/);
});
