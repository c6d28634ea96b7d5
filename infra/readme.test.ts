import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readConfig } from './config/config.ts';
import { render } from './render/render.ts';

const text = readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8');
const between = (begin: string, end: string): string => text.slice(text.indexOf(begin), text.indexOf(end));
const named = (section: string): string[] => [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!).sort();

test('the README has every output, and no other', async () => {
  const { outputs } = await render(readConfig({ target: 'cluster' }));
  assert.deepEqual(named(between('## Outputs', '## Configuration')), Object.keys(outputs).sort());
});
