import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { KeysFile, newKey } from '../testing/backend.ts';
import { ApiKeys, ApiKeysError, parseApiKeys } from './api-keys.ts';

const POLL_MS = 20;

function watched(context: TestContext, file: string) {
  const heard = { names: [] as (readonly string[])[], failures: [] as string[] };
  const keys = new ApiKeys({
    file,
    pollMs: POLL_MS,
    onChange: (names) => void heard.names.push(names),
    onFailure: (sentence) => void heard.failures.push(sentence),
  });
  context.after(() => keys.stop());
  return { keys, heard };
}

function fileOf(context: TestContext, ...lines: string[]): KeysFile {
  const file = new KeysFile(...lines);
  context.after(() => file.remove());
  return file;
}

test('a key leads to its name, and no other text is accepted as a key', (context) => {
  const [shop, game] = [newKey(), newKey()];
  const { keys } = watched(context, fileOf(context, '# backends', '', `shop:${shop}`, ` game : ${game} `).path);
  assert.deepEqual(keys.names, ['game', 'shop']);
  assert.equal(keys.nameOf(shop), 'shop');
  assert.equal(keys.nameOf(game), 'game');
  for (const wrong of ['', shop.slice(1), `${shop}x`, shop.toUpperCase(), newKey(), `shop:${shop}`])
    assert.equal(keys.nameOf(wrong), undefined);
});

test('a name may have an old and a new key', (context) => {
  const [old, next] = [newKey(), newKey()];
  const { keys } = watched(context, fileOf(context, `shop:${old}`, `shop:${next}`).path);
  assert.deepEqual([keys.nameOf(old), keys.nameOf(next), keys.names], ['shop', 'shop', ['shop']]);
});

for (const [what, text, sentence] of [
  ['an empty file', '# nobody\n', /no line of the form name:key/],
  ['a line without a name', newKey(), /line 1 does not begin with a name/],
  ['a name with blanks', `my shop:${newKey()}`, /line 1 does not begin with a name/],
  ['a short key', `a:${newKey()}\nshop:${'x'.repeat(31)}`, /line 2 does not have a key of 32 to 256/],
  ['a long key', `shop:${'x'.repeat(257)}`, /line 1 does not have a key/],
  ['a key that no header carries', `shop:${'x y'.repeat(20)}`, /line 1 does not have a key/],
  ['a key twice', `a:${'x'.repeat(32)}\nb:${'x'.repeat(32)}`, /line 2 has the same key as an earlier line/],
  [
    'too many keys',
    Array.from({ length: 257 }, (_, index) => `a:${'x'.repeat(40)}${index}`).join('\n'),
    /more than 256 keys/,
  ],
] as const) {
  test(`${what} is refused, and no key is repeated`, () => {
    assert.throws(
      () => parseApiKeys(text),
      (error: Error) => error instanceof ApiKeysError && sentence.test(error.message) && !/xxx|x y/.test(error.message),
    );
  });
}

test('a key that is added to the file is accepted, and a removed key is refused', async (context) => {
  const [old, next] = [newKey(), newKey()];
  const file = fileOf(context, `shop:${old}`);
  const { keys, heard } = watched(context, file.path);
  file.write(`shop:${next}`);
  await until(() => keys.nameOf(next) === 'shop', 'the new key is known');
  assert.equal(keys.nameOf(old), undefined);
  file.write(`shop:${old}`);
  await until(() => keys.nameOf(old) === 'shop', 'the old key is known again');
  assert.deepEqual(heard, { names: [['shop'], ['shop']], failures: [] });
});

test('a file that is replaced through a link, like that of a mounted Secret, is read again', async (context) => {
  const [old, next] = [newKey(), newKey()];
  const file = fileOf(context, `shop:${old}`);
  const [link, other] = [`${file.path}.link`, path.join(path.dirname(file.path), 'other.txt')];
  symlinkSync(file.path, link);
  const { keys } = watched(context, link);
  writeFileSync(other, `shop:${next}\n`);
  symlinkSync(other, `${link}.new`);
  renameSync(`${link}.new`, link);
  await until(() => keys.nameOf(next) === 'shop', 'the new key is known');
});

test('a change that cannot be used changes nothing, and is reported', async (context) => {
  const key = newKey();
  const file = fileOf(context, `shop:${key}`);
  const { keys, heard } = watched(context, file.path);
  file.write('shop:short');
  await until(() => heard.failures.length === 1, 'the mistake is reported');
  assert.match(heard.failures[0]!, /stay as they were: line 1 does not have a key/);
  assert.equal(keys.nameOf(key), 'shop');
  rmSync(file.path);
  await until(() => heard.failures.length === 2, 'the loss is reported');
  assert.match(heard.failures[1]!, /ENOENT/);
  assert.equal(keys.nameOf(key), 'shop');
});
