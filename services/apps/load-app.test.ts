import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { counter } from './counter/counter.ts';
import { loadApp } from './load-app.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-app-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const COUNTER = JSON.stringify(path.join(import.meta.dirname, 'counter/counter.ts'));

let count = 0;
/** A folder with an application that has this text. */
function folder(text: string, entry = 'app.js'): string {
  const place = mkdtempSync(path.join(directory, `${(count += 1)}-`));
  writeFileSync(path.join(place, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(place, entry), text);
  return place;
}

test('an application that comes along is loaded by its name', async () => {
  assert.equal(await loadApp('counter'), counter);
});

test('a folder is an application by the default export of its app.ts, and so is the file itself', async () => {
  const place = folder(`import { counter } from ${COUNTER};\nexport default { ...counter, name: 'mine' };`, 'app.ts');
  assert.equal((await loadApp(place)).name, 'mine');
  assert.equal((await loadApp(path.join(place, 'app.ts'))).name, 'mine');
});

for (const [what, text, sentence] of [
  ['no default export', 'export const room = 1;', /app\.js has no default export; export its room type as default\.$/],
  ['something else', 'export default 7;', /exports something else than a room type as default\.$/],
  [
    'a missing function',
    `import { counter } from ${COUNTER};\nconst { decide, ...rest } = counter; export default rest;`,
    /has a room type "counter" without the function "decide"\.$/,
  ],
  [
    'something that is no schema',
    `import { counter } from ${COUNTER};\nexport default { ...counter, event: { kind: 'x' } };`,
    /whose "event" is not a schema of valibot\.$/,
  ],
  [
    'a name that is none',
    `import { counter } from ${COUNTER};\nexport default { ...counter, name: 'My App' };`,
    /whose name is not 1 to 32 of a-z, 0-9 and -\.$/,
  ],
  [
    "a command of the platform's name",
    `import { counter } from ${COUNTER};\nexport default { ...counter, command: { ...counter.command, options: [{ entries: { kind: { literal: 'resume' } } }] } };`,
    /with a command "resume", which is the platform's; give it another name\.$/,
  ],
  [
    'no matching',
    `import { counter } from ${COUNTER};\nexport default { ...counter, matching: {} };`,
    /whose "matching" has not the functions "key" and "seats"\.$/,
  ],
  ['a mistake in its text', 'export default {', /app\.js cannot be loaded: /],
] as const) {
  test(`an application with ${what} is refused with a sentence`, async () => {
    await assert.rejects(loadApp(folder(text)), { name: 'AppError', message: sentence });
  });
}

test('a folder without an application, and none, are refused with a sentence', async () => {
  await assert.rejects(
    loadApp(path.join(directory, 'nowhere')),
    /There is no application at .*nowhere; name grid or counter, or a folder\.$/,
  );
  await assert.rejects(
    loadApp(folder('', 'other.js')),
    /has no app\.ts or app\.js; write one that exports its room type\.$/,
  );
});
