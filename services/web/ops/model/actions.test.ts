import assert from 'node:assert/strict';
import { test } from 'node:test';
import { questionOf } from './actions.ts';

test('a question says what happens, to whom, and whether it is final', () => {
  const { title, text, button, isFinal } = questionOf({ action: 'close', room: 'ABCDEF' });
  assert.deepEqual([title, button, isFinal], ['Close room ABCDEF?', 'Close it', true]);
  assert.match(text, /cannot be opened again/);
});

test('draining the only ready replica has a separate question', () => {
  const drain = { action: 'drain', replica: '1111' } as const;
  assert.doesNotMatch(questionOf(drain).text, /only one/);
  assert.match(questionOf(drain, true).text, /only replica that is ready: nobody can connect/);
  assert.deepEqual([questionOf(drain).isFinal, questionOf(drain, true).isFinal], [false, true]);
});

test('a disconnect and a log-out have different questions', () => {
  const ask = (revoke: boolean) => questionOf({ action: 'disconnect', player: 'ada', revoke });
  assert.match(ask(false).text, /may come back/);
  assert.match(ask(true).text, /tokens are no longer valid/);
});
