import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mirrored } from './artifacts.ts';

test('a mirror is put before an image; without a mirror the image stays as it is', () => {
  for (const imageMirror of ['', undefined]) assert.equal(mirrored({ imageMirror }, 'redis:8.0'), 'redis:8.0');
  assert.equal(mirrored({ imageMirror: 'mirror.example/hub' }, 'redis:8.0'), 'mirror.example/hub/redis:8.0');
});
