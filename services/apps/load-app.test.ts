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

test('a built-in application is loaded by its name', async () => {
  assert.equal(await loadApp('counter'), counter);
});

test('an application is loaded from a folder by the default export of its app.ts, and from the file itself', async () => {
  const place = folder(`import { counter } from ${COUNTER};\nexport default { ...counter, name: 'mine' };`, 'app.ts');
  assert.equal((await loadApp(place)).name, 'mine');
  assert.equal((await loadApp(path.join(place, 'app.ts'))).name, 'mine');
});

for (const [what, text, sentence] of [
  ['no default export', 'export const room = 1;', /app\.js has no default export; export its room type as default\.$/],
  ['something else', 'export default 7;', /exports something other than a room type as default\.$/],
  [
    'a missing function',
    `import { counter } from ${COUNTER};\nconst { decide, ...rest } = counter; export default rest;`,
    /has a room type "counter" without the function "decide"\.$/,
  ],
  [
    'something that is not a schema',
    `import { counter } from ${COUNTER};\nexport default { ...counter, event: { kind: 'x' } };`,
    /whose "event" is not a schema of valibot\.$/,
  ],
  [
    'an invalid name',
    `import { counter } from ${COUNTER};\nexport default { ...counter, name: 'My App' };`,
    /whose name is not 1 to 32 of a-z, 0-9 and -\.$/,
  ],
  [
    "a command with a name of the platform's",
    `import { counter } from ${COUNTER};\nexport default { ...counter, command: { ...counter.command, options: [{ entries: { kind: { literal: 'resume' } } }] } };`,
    /with a command "resume", which is the platform's; give it another name\.$/,
  ],
  [
    'watchers without a room',
    `import { counter } from ${COUNTER};\nimport { grid } from ${JSON.stringify(path.join(import.meta.dirname, 'grid/grid.ts'))};\nexport default { ...counter, channels: [{ ...grid.channels[0], subscribe: 'watchers' }] };`,
    /channel "lobby" lets watchers subscribe and has no \{room\} in its name\.$/,
  ],
  [
    'results that are not a function',
    `import { counter } from ${COUNTER};\nexport default { ...counter, results: [] };`,
    /whose "results" is not a function\.$/,
  ],
  [
    'no matching',
    `import { counter } from ${COUNTER};\nexport default { ...counter, matching: {} };`,
    /whose "matching" lacks the functions "key" and "seats"\.$/,
  ],
  ['a syntax error', 'export default {', /app\.js cannot be loaded: /],
] as const) {
  test(`an application with ${what} is refused with a sentence`, async () => {
    await assert.rejects(loadApp(folder(text)), { name: 'AppError', message: sentence });
  });
}

test('a folder without an application and a missing folder are refused with a sentence', async () => {
  await assert.rejects(
    loadApp(path.join(directory, 'nowhere')),
    /There is no application at .*nowhere; name grid, counter or whiteboard, or a folder\.$/,
  );
  await assert.rejects(
    loadApp(folder('', 'other.js')),
    /has no app\.ts or app\.js; write a file that exports its room type\.$/,
  );
});

const RULE = `{ name: 'talk:{room}', data: counter.state, subscribe: 'members', publish: 'everyone', history: { messages: 5, seconds: 60 }, presence: true }`;
for (const [what, channels, sentence] of [
  ['no list', '{}', /room type "counter" whose "channels" are not a list of rules\.$/],
  ['no rule', '[7]', /whose "channels" have a rule 1 whose name is not made of parts with colons between them/],
  ['an invalid name', `[{ ...rule, name: 'a b' }]`, /have a rule 1 whose name is not made of parts/],
  [
    'no schema',
    `[rule, { ...rule, data: {} }]`,
    /channel "talk:\{room\}" has "data" that is not a schema of valibot\.$/,
  ],
  [
    'invalid access',
    `[{ ...rule, publish: 'all' }]`,
    /has "publish" that is not everyone, members, watchers, nobody or a function\.$/,
  ],
  [
    'members without a room',
    `[{ ...rule, name: 'talk' }]`,
    /channel "talk" lets members subscribe and has no \{room\} in its name\.$/,
  ],
  [
    'too long a history',
    `[{ ...rule, history: { messages: 1001, seconds: 1 } }]`,
    /"history\.messages" that is not a whole number from 1 to 1000\.$/,
  ],
  [
    'no age',
    `[{ ...rule, history: { messages: 1 } }]`,
    /"history\.seconds" that is not a whole number from 1 to 2592000\.$/,
  ],
  [
    'a history of another kind',
    `[{ ...rule, history: 'all' }]`,
    /has "history" that is neither 'none' nor \{ messages, seconds \}\.$/,
  ],
  ['no presence', `[{ ...rule, presence: 'yes' }]`, /has "presence" that is not true or false\.$/],
  ['a line that is not a function', `[{ ...rule, line: 'x' }]`, /has "line" that is not a function\.$/],
] as const) {
  test(`a rule of channels with ${what} is reported as a sentence`, async () => {
    const text = `import { counter } from ${COUNTER};\nconst rule = ${RULE};\nexport default { ...counter, channels: ${channels} };`;
    await assert.rejects(loadApp(folder(text)), sentence);
  });
}

test('an invalid retention is reported as a sentence', async () => {
  const text = (retention: string) =>
    `import { counter } from ${COUNTER};\nexport default { ...counter, retention: ${retention} };`;
  await assert.rejects(
    loadApp(folder(text('{ idle: 0 }'))),
    /whose "retention\.idle" is not a whole number of seconds/,
  );
  await assert.rejects(
    loadApp(folder(text('{ days: 1 }'))),
    /"retention" has a field "days"; there are idle, empty, over\.$/,
  );
  assert.equal((await loadApp(folder(text('{ idle: 86400 }')))).retention?.idle, 86_400);
});

test('rules of channels are loaded', async () => {
  const text = `import { counter } from ${COUNTER};\nexport default { ...counter, channels: [${RULE}, { ...${RULE}, name: 'x:*', subscribe: () => true, publish: 'nobody', line: String }, { ...${RULE}, name: 'y', history: 'none', subscribe: 'everyone' }] };`;
  assert.equal((await loadApp(folder(text))).channels?.length, 3);
});
