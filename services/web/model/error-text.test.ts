import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODES, type CloseName, ERROR_CODES } from '../../protocol/index.ts';
import { closedText, ERROR_TEXT, errorText } from './error-text.ts';

test('every error code of the protocol has a full and unique sentence', () => {
  for (const code of Object.keys(ERROR_CODES)) assert.ok(Object.hasOwn(ERROR_TEXT, code), code);
  const sentences = Object.values(ERROR_TEXT);
  for (const sentence of sentences) assert.match(sentence, /^[A-Z].{10,}\.$/);
  assert.equal(new Set(sentences).size, sentences.length);
});

test('no sentence shows the code that it stands for', () => {
  for (const [code, sentence] of Object.entries(ERROR_TEXT)) {
    if (code.includes('_')) assert.ok(!sentence.includes(code), code);
  }
});

test('an error without a known code still gets a sentence', () => {
  for (const error of [undefined, null, new Error('boom'), { code: 'toString' }, { code: 4409 }]) {
    assert.equal(errorText(error), 'Something went wrong. Please try again.');
  }
  assert.equal(errorText({ code: 'game_full' }), ERROR_TEXT.game_full);
});

test('every close code that stops the client gets a sentence', () => {
  for (const [name, { advice }] of Object.entries(CLOSE_CODES)) {
    if (advice === 'stop') assert.match(closedText(name as CloseName), /^[A-Z].{10,}\.$/);
  }
  assert.match(closedText('superseded'), /another tab/);
});

test('a refused player sees why, in the words of the server', () => {
  const message = 'The server answered 401 to the request for a session: Guests may not play here; sign in first.';
  assert.match(closedText('session_refused', message), /did not let this page in\. Guests may not play here;/);
  assert.equal(closedText('session_refused', 'The address is wrong.'), ERROR_TEXT.session_refused);
});
