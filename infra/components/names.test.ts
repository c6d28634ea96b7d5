import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopeOf } from './names.ts';

test('what belongs to the whole Kubernetes cluster has the namespace in its name, unless that says nothing', () => {
  assert.equal(scopeOf('gridlock', 'gridlock'), 'gridlock');
  assert.equal(scopeOf('team', 'chat'), 'team-chat');
  assert.notEqual(scopeOf('one', 'chat'), scopeOf('two', 'chat'));
});
