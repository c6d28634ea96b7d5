import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Tracked and new pages alike. */
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((page) => page !== '' && existsSync(path.join(ROOT, page)));

const read = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');
/** A page without its blocks and spans of code, which hold no links. */
const prose = (page: string): string =>
  read(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '');

/** The anchor that a heading is linked by, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  const text = read(page).replace(/^```[\s\S]*?^```/gm, '');
  for (const [, heading] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = anchorOf(heading!);
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number += 1) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

describe('every link between pages leads to a file and a heading that are there', () => {
  for (const page of pages) {
    test(page, () => {
      for (const [, link] of prose(page).matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)) {
        const [file, anchor] = link!.split('#') as [string, string?];
        const target = path.join(path.dirname(page), file);
        assert.ok(file === '' || existsSync(path.join(ROOT, target)), `${page} links to ${link}, which is not there.`);
        if (anchor === undefined) continue;
        const headings = anchorsOf(file === '' ? page : target);
        assert.ok(headings.has(anchor), `${page} links to ${link}, and that page has no such heading.`);
      }
    });
  }
});

test('every page of docs is in its index', () => {
  const index = read('docs/README.md');
  const linked = new Set([...index.matchAll(/\]\(([^)#\s]+)/g)].map(([, file]) => path.join('docs', file!)));
  const missing = pages.filter(
    (page) =>
      page.startsWith('docs/') && page !== 'docs/README.md' && !page.startsWith('docs/adr/') && !linked.has(page),
  );
  assert.deepEqual(missing, []);
  assert.ok(linked.has('docs/adr/README.md'));
});

test('the README takes at most two screens', () => {
  const lines = read('README.md').trimEnd().split('\n');
  assert.ok(lines.length <= 110, `The README has ${lines.length} lines: move what only some readers need to docs.`);
});

test('every picture of the documentation is shown on a page', () => {
  const shown = new Set<string>();
  for (const page of pages) {
    for (const [, file] of read(page).matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)) {
      shown.add(path.join(path.dirname(page), file!));
    }
  }
  const pictures = execFileSync('git', ['ls-files', 'docs/images'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
  for (const picture of pictures) {
    assert.ok(statSync(path.join(ROOT, picture)).size > 0, picture);
    assert.ok(shown.has(picture), `No page shows ${picture}: show it, or delete it.`);
  }
});
