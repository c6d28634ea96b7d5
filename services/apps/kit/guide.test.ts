import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { loadApp } from '../load-app.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const GUIDE = readFileSync(path.join(ROOT, 'docs/guides/your-app.md'), 'utf8');
const [APP = '', CHANNELS = '', PLAY = ''] = [...GUIDE.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);

/** The two folders of the guide, next to each other. */
const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-guide-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const votes = mkdtempSync(path.join(directory, 'votes-'));
symlinkSync(ROOT, path.join(directory, 'gridlock'));
// As `npm install valibot` leaves it.
symlinkSync(path.join(ROOT, 'node_modules'), path.join(votes, 'node_modules'));
writeFileSync(path.join(votes, 'package.json'), '{"type":"module"}');
writeFileSync(path.join(votes, 'app.js'), APP);
writeFileSync(path.join(votes, 'app.test.js'), PLAY);

test('a replica accepts the application of the guide', async () => {
  assert.equal((await loadApp(votes)).name, 'votes');
});

test('the application of the guide passes the random play of the guide', async () => {
  const args = ['--disable-warning=ExperimentalWarning', 'app.test.js'];
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: votes });
  assert.equal(stderr, '');
});

test('the application of the guide works with the channels of the guide', async () => {
  const withChannels = APP.replace(/^\};$/m, `${CHANNELS}};`);
  writeFileSync(path.join(votes, 'channels.js'), withChannels);
  const { channels } = await loadApp(path.join(votes, 'channels.js'));
  assert.equal(channels?.[0]?.name, 'talk:{room}');
});

test('a vote counts once in the application of the guide', async () => {
  const type = await loadApp(votes);
  const player = { id: 'ada', name: 'Ada' };
  const state = { question: 'Tea?', players: [player], votes: { ada: true } };
  const { events, refusal } = type.decide(state, { kind: 'vote', yes: false }, { now: 0, player });
  assert.deepEqual([events, refusal], [[], 'voted']);
});
