import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CertificateError } from './errors.ts';
import { printable, printableJson, printableLines } from './printable.ts';

test('characters that a terminal obeys or hides are escaped, and everything else stays', () => {
  assert.equal(printable('a\u001b[2Jb\u009bc\rd\ne\tf\u007f'), 'a\\u001b[2Jb\\u009bc\\u000dd\\u000ae\\u0009f\\u007f');
  assert.equal(printable('abc\u202ecod.exe\u2066\u200b\ufeff'), 'abc\\u202ecod.exe\\u2066\\u200b\\ufeff');
  assert.equal(printable('Größe 東京 😀'), 'Größe 東京 😀');
  assert.equal(printableLines('one\ntwo\u001b'), 'one\ntwo\\u001b');
});

test('JSON stays the same value', () => {
  const value = { subject: 'x\u001b]0;title\u0007\u009b31m\u202e' };
  const text = printableJson(value);
  assert.doesNotMatch(text, /[\u007f-\u009f\u202e]/);
  assert.deepEqual(JSON.parse(text), value);
});

test('an error that quotes a name is one line that is safe to print', () => {
  assert.equal(new CertificateError('corrupt', 'a\u001b[31m\nb').message, 'a\\u001b[31m\\u000ab');
});
