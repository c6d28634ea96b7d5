import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { PAGE_SOURCES } from './page.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

test('the page is rebuilt when any of its sources changes', async () => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['services/web/main.tsx', 'services/web/inspector/main.tsx', 'services/web/ops/main.tsx'],
    alias: { application: './services/apps/counter/app.ts' },
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const watched = new Set(globSync(PAGE_SOURCES, { cwd: ROOT }));
  const inputs = Object.keys(metafile.inputs).filter((file) => !file.includes('node_modules'));
  assert.ok(inputs.length > 50, `${inputs.length} files`);
  assert.deepEqual(
    inputs.filter((file) => !watched.has(file)),
    [],
  );
});
