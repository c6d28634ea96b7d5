import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CHARTS } from './config/cluster-keys.ts';
import { readConfig } from './config/config.ts';
import { KEYS, type Key } from './config/keys.ts';
import { render } from './render/render.ts';

const text = readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8');
const between = (begin: string, end: string): string => text.slice(text.indexOf(begin), text.indexOf(end));
const configuration = between('## Configuration', '## In the cloud');
const rows = configuration.split('\n').filter((line) => line.startsWith('| `'));
const named = (section: string): string[] => [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!).sort();

function shownDefault(key: Key): string {
  const { default: value } = KEYS[key];
  if (key === 'charts') return 'each installed, from its registry';
  if (typeof value === 'object') return `\`${JSON.stringify(value)}\``;
  return value === '' ? '' : `\`${value}\``;
}

for (const key of Object.keys(KEYS) as Key[]) {
  test(`the README has the key ${key} with its default, its meaning and what is allowed`, () => {
    const { help, allowed } = KEYS[key];
    const row = rows.find((line) => line.startsWith(`| \`${key}\` |`));
    assert.equal(row, `| \`${key}\` | ${shownDefault(key)} | ${help} | ${allowed} |`);
  });
}

test('the README has every output, and no other', async () => {
  const { outputs } = await render(readConfig({ target: 'cluster' }));
  assert.deepEqual(named(between('## Outputs', '## Configuration')), Object.keys(outputs).sort());
});

test('the README has no key or chart that is not there', () => {
  assert.deepEqual(named(configuration), Object.keys(KEYS).sort());
  for (const chart of Object.keys(CHARTS)) assert.match(configuration, new RegExp(chart));
});

test('what the README links to is there', () => {
  for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)) {
    const [file, heading] = target!.split('#') as [string, string?];
    const linked = path.join(import.meta.dirname, file);
    assert.ok(existsSync(linked), target);
    if (heading !== undefined) assert.ok(headingsOf(readFileSync(linked, 'utf8')).includes(heading), target);
  }
});

/** The headings of a page, as links name them. */
const headingsOf = (page: string) =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
