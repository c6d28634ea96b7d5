import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { appInImage, bundledApp, checkAppOfImage } from './app.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'gridlock-app-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a built-in application is in every image, under its name', () => {
  assert.deepEqual([appInImage({ app: 'counter' }), bundledApp({ app: 'counter' })], ['counter', undefined]);
});

test('an application of the user is bundled, and the image has it at one place', () => {
  writeFileSync(path.join(folder, 'app.js'), 'export default {};\n');
  assert.equal(appInImage({ app: folder }), '/app/app.mjs');
  assert.equal(bundledApp({ app: folder }), path.join(folder, 'app.js'));
});

test('a folder without an application is refused by a sentence that names it, before anything is built', async () => {
  const empty = path.join(folder, 'empty');
  await assert.rejects(checkAppOfImage({ app: empty, image: '' }), {
    name: 'ConfigError',
    message: `There is no application at ${empty}; name grid, counter or whiteboard, or a folder.`,
  });
  await assert.rejects(checkAppOfImage({ app: folder, image: '' }), /has a room type|app\.js/);
});

test('an image that the configuration names already has its application', async () => {
  await checkAppOfImage({ app: path.join(folder, 'empty'), image: 'registry.example/game:1' });
});
