import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopeOf } from './names.ts';

test('an object of the whole Kubernetes cluster has the namespace in its name, unless that would repeat the name', () => {
  assert.equal(scopeOf('gridlock', 'gridlock'), 'gridlock');
  assert.equal(scopeOf('team', 'chat'), 'team-chat');
  assert.notEqual(scopeOf('one', 'chat'), scopeOf('two', 'chat'));
});
