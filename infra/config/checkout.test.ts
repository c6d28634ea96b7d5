import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { CHECKOUT, fromCheckout } from './checkout.ts';

test('a path of the configuration starts at the checkout, wherever the program runs', () => {
  const before = process.cwd();
  process.chdir(os.tmpdir());
  try {
    assert.equal(fromCheckout('charts/x'), path.join(CHECKOUT, 'charts/x'));
    assert.equal(fromCheckout('./x.tgz'), path.join(CHECKOUT, 'x.tgz'));
  } finally {
    process.chdir(before);
  }
});

test('an absolute path stays, and ~ is the home directory', () => {
  assert.equal(fromCheckout('/srv/x'), '/srv/x');
  assert.equal(fromCheckout('~/x'), path.join(os.homedir(), 'x'));
});
