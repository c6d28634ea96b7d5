import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { UsageError } from '../../infra/usage-error.ts';
import { temporaryDirectory } from '../kit/directories.ts';
import { checkFiles } from './check-files.ts';
import { parseRules } from './rules.ts';

const rules = (...notYet: string[]) =>
  parseRules(`longestSentence: 8\nphrases: [{ find: foo, say: bar }]\nnotYet: ${JSON.stringify(notYet)}`);

function tree(t: TestContext, files: Record<string, string>): string {
  const root = temporaryDirectory(t, 'gridlock-prose-');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

const files = (root: string, places: string[], ...notYet: string[]) =>
  checkFiles(places, rules(...notYet), root).map(({ file }) => file);

test('everything is read except packages and build output', (t) => {
  const text = { 'a.md': 'foo', 'b/c.ts': '// foo', '.github/d.md': 'foo' };
  const root = tree(t, {
    ...text,
    'node_modules/e.md': 'foo',
    'b/dist/f.md': 'foo',
    'g.json': 'foo',
    '.tools/h.md': 'foo',
  });
  assert.deepEqual(files(root, []), ['.github/d.md', 'a.md', 'b/c.ts']);
});

test('places that are still to be done are left out, unless they are named', (t) => {
  const root = tree(t, { 'a/b.md': 'foo', 'a2.md': 'foo' });
  assert.deepEqual(files(root, [], 'a'), ['a2.md']);
  assert.deepEqual(files(root, ['a'], 'a'), ['a/b.md']);
});

test('a place without findings has to leave the list', (t) => {
  const root = tree(t, { 'a/b.md': 'bar', 'c.md': 'foo' });
  const [finding, ...others] = checkFiles([], rules('a', 'c.md'), root);
  assert.deepEqual([finding?.phrase, others], ['a', []]);
});

test('a file is read again when it or the rules have changed', (t) => {
  const root = tree(t, { 'a.md': 'foo' });
  assert.deepEqual(files(root, []), ['a.md']);
  assert.ok(readFileSync(path.join(root, 'node_modules/.cache/prose.json'), 'utf8').includes('foo'));
  assert.deepEqual(checkFiles([], parseRules('longestSentence: 8\nphrases: []\nnotYet: []'), root), []);
  writeFileSync(path.join(root, 'a.md'), 'bar');
  assert.deepEqual(files(root, []), []);
});

test('a place without anything is refused', (t) => {
  assert.throws(() => files(tree(t, {}), ['nowhere']), new UsageError('There is no file or folder nowhere.'));
});
