import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadApp } from '../../services/apps/load-app.ts';
import { type Bundle, bundle, findSources } from './bundle.ts';
import { compile } from './compile.ts';
import { userApp } from './testing.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

let directory: string;
let first: Bundle;

before(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'gridlock-image-'));
  first = await bundle({ out: path.join(directory, 'first') });
});

after(() => rm(directory, { recursive: true, force: true }));

const filesOf = (root: string) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(path.join(root, file)).isFile());

test('the same sources give the same hash and files, wherever they are written and whatever the umask', async () => {
  const umask = process.umask(0o077);
  const second = await bundle({ out: path.join(directory, 'deeper', 'second') }).finally(() => process.umask(umask));
  assert.match(first.hash, /^[0-9a-f]{12}$/);
  assert.equal(second.hash, first.hash);
  assert.deepEqual(filesOf(second.context), filesOf(first.context));
  for (const file of filesOf(first.context)) {
    const [one, two] = [path.join(first.context, file), path.join(second.context, file)];
    assert.deepEqual(readFileSync(one), readFileSync(two), file);
    assert.equal(statSync(two).mode & 0o777, 0o644, `${file} can be read by the image's user`);
  }
});

test('another base image gives another hash', async () => {
  const other = await bundle({ out: path.join(directory, 'other'), baseImage: 'node:24-alpine' });
  assert.notEqual(other.hash, first.hash);
});

test('without a place to write to, the context lies under its hash among the artifacts and is reused', async () => {
  const named = await bundle();
  assert.equal(named.context, path.join(ROOT, '.artifacts', 'image', first.hash));
  assert.deepEqual(filesOf(named.context), filesOf(first.context));
  assert.deepEqual(await bundle(), named);
  const leftovers = readdirSync(path.dirname(named.context)).filter((name) => name.startsWith('building-'));
  // Other builds run there at the same time, and may finish between two checks.
  const builtAt = (name: string) =>
    statSync(path.join(named.context, '..', name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  assert.ok(leftovers.every((name) => Date.now() - builtAt(name) < 60_000));
});

test('every entry point has its bundle, the page its files, and every script its place', () => {
  const { entryPoints, assets } = findSources(ROOT);
  assert.ok('main' in entryPoints && assets.length > 0);
  for (const name of Object.keys(entryPoints)) assert.ok(existsSync(path.join(first.context, 'app', `${name}.mjs`)));
  for (const asset of assets) assert.ok(existsSync(path.join(first.context, 'app', asset)), asset);
  assert.match(readFileSync(path.join(first.context, 'app/web/index.html'), 'utf8'), /assets\/page-\w+\.js/);
});

const textOf = ({ context }: Bundle, file: string) => readFileSync(path.join(context, 'app', file), 'utf8');

test('another built-in application has another page in the image, and another hash', async () => {
  const counter = await bundle({ out: path.join(directory, 'counter'), app: 'counter' });
  assert.notEqual(counter.hash, first.hash);
  assert.equal(textOf(counter, 'main.mjs'), textOf(first, 'main.mjs'));
  assert.notEqual(textOf(counter, 'web/index.html'), textOf(first, 'web/index.html'));
  assert.ok(!existsSync(path.join(counter.context, 'app/app.mjs')));
});

test('an application in a folder is bundled with what it imports and its page, and the hash covers each', async () => {
  const [plain, paged] = [userApp(directory), userApp(directory, '<title>Tally</title>')];
  const bundled = await bundle({ out: path.join(directory, 'plain'), app: plain });
  const withPage = await bundle({ out: path.join(directory, 'paged'), app: paged });
  assert.equal(textOf(withPage, 'web/index.html'), '<title>Tally</title>');
  assert.match(textOf(bundled, 'web/index.html'), /assets\/page-\w+\.js/);
  assert.equal(textOf(bundled, 'app.mjs'), textOf(withPage, 'app.mjs'), 'wherever the folder is');
  const alone = path.join(directory, 'alone.mjs');
  await writeFile(alone, textOf(bundled, 'app.mjs'));
  assert.equal((await loadApp(alone)).name, 'tally');
  await writeFile(path.join(plain, 'name.js'), "export const NAME = 'other';\n");
  const changed = await bundle({ out: path.join(directory, 'changed'), app: plain });
  assert.equal(new Set([first, bundled, withPage, changed].map(({ hash }) => hash)).size, 4);
});

test('an application that cannot be bundled is named in a sentence', async () => {
  const folder = userApp(directory);
  await writeFile(path.join(folder, 'name.js'), "export { NAME } from './gone.js';\n");
  await assert.rejects(bundle({ out: path.join(directory, 'broken'), app: folder }), {
    name: 'ConfigError',
    message: /^The application .*app\.js cannot be bundled into the image: .*gone\.js/s,
  });
});

test('the description of the API lies where the server looks for it', () => {
  const file = 'services/server/api/openapi.json';
  assert.deepEqual(readFileSync(path.join(first.context, 'app', file)), readFileSync(path.join(ROOT, file)));
});

test('a trace names a source by its path in the repository, and the image holds no sources', () => {
  const map = JSON.parse(readFileSync(path.join(first.context, 'app/main.mjs.map'), 'utf8')) as Record<string, unknown>;
  assert.ok((map['sources'] as string[]).includes('services/server/main.ts'));
  assert.equal(map['sourcesContent'], undefined);
});

test('a source that asks for its directory is refused with a sentence', async () => {
  await writeFile(path.join(directory, 'part.ts'), 'console.log(import.meta.dirname);\n');
  const compiling = compile(directory, { part: 'part.ts' }, path.join(directory, 'out'));
  await assert.rejects(compiling, /part\.ts uses import\.meta\.dirname: of the import\.meta/);
});
