import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { KeptSecrets } from './kept-secrets.ts';
import type { Registration } from './registration.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-secrets-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const ask = (secrets: KeptSecrets, name: string, type = 'random:index/randomPassword:RandomPassword') =>
  secrets.answer({ type, name, inputs: { length: 40 } } as unknown as Registration);

test('a secret is random, and the same in the next rendering', () => {
  const file = path.join(directory, 'deep', 'dev.json');
  const first = new KeptSecrets(file);
  const [one, two] = [ask(first, 'one'), ask(first, 'two')];
  assert.match(String(one?.result), /^[A-Za-z0-9]{40}$/);
  assert.notEqual(one?.result, two?.result);
  assert.deepEqual(ask(new KeptSecrets(file), 'one'), one);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('another stack has other secrets, and other resources are not answered', () => {
  const [a, b] = ['a', 'b'].map((name) => new KeptSecrets(path.join(directory, `${name}.json`)));
  assert.notEqual(ask(a!, 'one')?.result, ask(b!, 'one')?.result);
  assert.equal(ask(a!, 'one', 'command:local:Command'), undefined);
});
