import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelsOf, selectorOf } from './labels.ts';

test('the labels of a part contain its selector, and no selector matches the part of another cluster', () => {
  const chat = selectorOf({ cluster: 'chat', part: 'server' });
  const labels: Readonly<Record<string, string>> = labelsOf({ cluster: 'chat', part: 'server' });
  for (const [key, value] of Object.entries(chat)) assert.equal(labels[key], value);
  assert.notDeepEqual(chat, selectorOf({ cluster: 'game', part: 'server' }));
  assert.notDeepEqual(chat, selectorOf({ cluster: 'chat', part: 'edge' }));
});
