import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { BREAK_STATUS, BreakStatus } from '../protocol/break-it.ts';
import { buildPage } from './build.ts';

let outDir: string;
let html: string;

before(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'gridlock-page-'));
  await writeFile(join(outDir, 'left-over.js'), '');
  await buildPage(outDir);
  html = await readFile(join(outDir, 'index.html'), 'utf8');
});
after(() => rm(outDir, { recursive: true, force: true }));

test('the page loads the built script and style sheet by names with hashes', async () => {
  const named = [...html.matchAll(/"\/(assets\/[^"]+)"/g)].map(([, path = '']) => path);
  assert.equal(named.length, 2);
  for (const path of named) {
    assert.match(path, /-[A-Z0-9]{8}\.(js|css)$/);
    assert.ok((await readFile(join(outDir, path), 'utf8')).length > 1000, path);
  }
});

test('nothing in the page is inline, so that a strict content security policy holds', async () => {
  assert.doesNotMatch(html, /<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:|data:/i);
  for (const file of await readdir(join(outDir, 'assets'))) {
    if (!file.endsWith('.css')) continue;
    assert.doesNotMatch(await readFile(join(outDir, 'assets', file), 'utf8'), /url\(|@import/);
  }
});

test('earlier files in the directory are removed', async () => {
  assert.deepEqual((await readdir(outDir)).sort(), ['assets', 'break', 'favicon.svg', 'index.html', 'ops']);
});

test('a file of the page says that nothing may be broken on a replica', async () => {
  const text = await readFile(join(outDir, BREAK_STATUS), 'utf8');
  assert.deepEqual(v.parse(BreakStatus, JSON.parse(text)), { available: false, parts: [], strikes: [] });
});

test('the script and the style sheets are also there compressed, as browsers load them', async () => {
  const files = await readdir(join(outDir, 'assets'));
  const plain = files.filter((file) => /\.(js|css)$/.test(file));
  assert.equal(plain.length, 2);
  const sizes = { plain: 0, gzip: 0, brotli: 0 };
  for (const file of plain) {
    const path = join(outDir, 'assets', file);
    const [content, zipped, brotli] = await Promise.all([
      readFile(path),
      readFile(`${path}.gz`),
      readFile(`${path}.br`),
    ]);
    assert.deepEqual([gunzipSync(zipped), brotliDecompressSync(brotli)], [content, content], file);
    sizes.plain += content.length;
    sizes.gzip += zipped.length;
    sizes.brotli += brotli.length;
  }
  assert.ok(sizes.gzip < 0.4 * sizes.plain, JSON.stringify(sizes));
  assert.ok(sizes.brotli < 0.93 * sizes.gzip, JSON.stringify(sizes));
  // A player can start within seconds; each growth of the page should be worth it.
  assert.ok(sizes.brotli < 60 * 1024, JSON.stringify(sizes));
});
