import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { channels } from './channels.ts';

test('a line with control characters or beyond its length is refused', () => {
  const [{ data }] = channels;
  for (const text of ['', '   ', '\u200c \u200d', 'a\u0007b', 'a\u001b[2Jb', 'x\u202egnp', 'x'.repeat(501)]) {
    assert.equal(v.is(data, { text }), false, JSON.stringify(text));
  }
  for (const text of ['hello', '😀'.repeat(500), 'família 👩‍👩‍👧', 'علی\u200cرضا']) {
    assert.equal(v.is(data, { text }), true, text);
  }
});
