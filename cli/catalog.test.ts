import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { type Catalog, catalogText, writtenCatalog } from './catalog.ts';
import { COMMANDS } from './commands/index.ts';

const HELP_MS = 500;
const ROOT = path.resolve(import.meta.dirname, '..');
const names = Object.keys(JSON.parse(writtenCatalog()) as Catalog).filter((name) => name !== '');

/** The files of a fresh clone that help may read: without node_modules. */
const clone = mkdtempSync(path.join(os.tmpdir(), 'gridlock-clone-'));
after(() => rmSync(clone, { recursive: true, force: true }));
for (const place of ['cli', 'infra/setup', 'package.json', 'package-lock.json']) {
  mkdirSync(path.dirname(path.join(clone, place)), { recursive: true });
  cpSync(path.join(ROOT, place), path.join(clone, place), { recursive: true });
}
const filesOfClone = () => readdirSync(clone, { recursive: true }).sort().join('\n');
const before = filesOfClone();

function gridlock(...args: string[]) {
  const begun = performance.now();
  const run = spawnSync(process.execPath, [path.join(clone, 'cli/gridlock.mjs'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, HOME: path.join(clone, 'no-home') },
  });
  return { ...run, ms: performance.now() - begun };
}

function bareNodeMs(): number {
  const begun = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - begun;
}

test('catalog.json matches the commands; npm run catalog writes it', async () => {
  assert.equal(writtenCatalog(), await catalogText());
});

test('every command is in the catalog and is an npm script with the same meaning', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const name of Object.keys(COMMANDS)) {
    assert.ok(names.includes(name), name);
    if (['open', 'logs'].includes(name)) continue;
    assert.equal(scripts[name], `exec node cli/gridlock.mjs ${name}`);
  }
});

describe('help in a fresh clone takes under half a second, exits 0 and changes nothing', () => {
  const spellings = (name: string) => [
    [...name.split(' '), '--help'],
    [...name.split(' '), '-h'],
    ['help', ...name.split(' ')],
  ];
  for (const name of names) {
    test(name, () => {
      for (const args of spellings(name)) {
        // On a busy machine an empty Node program is slow too: then help may take three times as long as that.
        const runs = [gridlock(...args)];
        const isSlow = (ms: number) => ms >= HELP_MS && ms >= 3 * bareNodeMs();
        while (isSlow(runs.at(-1)!.ms) && runs.length < 5) runs.push(gridlock(...args));
        const { status, stdout, stderr, ms } = runs.at(-1)!;
        assert.equal(status, 0, stderr);
        assert.equal(stderr, '');
        assert.match(stdout, new RegExp(name.split(' ').at(-1)!));
        assert.ok(!isSlow(ms), `${args.join(' ')} took ${Math.round(ms)} ms`);
      }
      assert.equal(filesOfClone(), before);
      assert.ok(!existsSync(path.join(clone, 'node_modules')));
    });
  }
});

test('the overview names every command, also without an argument', () => {
  for (const args of [[], ['help'], ['--help']]) {
    const { status, stdout } = gridlock(...args);
    assert.equal(status, 0);
    for (const name of Object.keys(COMMANDS)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  }
});

test('a flag that a command does not have is refused before anything is installed, with the nearest flag', () => {
  for (const args of [
    ['start', '--replica', '2'],
    ['start', '--port', '1', '--replica=2'],
  ]) {
    const { status, stdout, stderr } = gridlock(...args);
    assert.deepEqual([status, stdout], [2, '']);
    assert.equal(stderr, 'There is no flag --replica: did you mean --replicas?\n');
  }
  assert.equal(gridlock('certs', 'issue', '--outt', 'x').stderr, 'There is no flag --outt: did you mean --out?\n');
  const { stderr } = gridlock('status', '--zzzzzz');
  assert.equal(stderr, 'There is no flag --zzzzzz: gridlock help status lists its flags.\n');
  assert.equal(filesOfClone(), before);
});

test('an unknown command is refused before anything is installed, with the nearest name', () => {
  for (const args of [['statsu'], ['statsu', '--help']]) {
    const { status, stdout, stderr } = gridlock(...args);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^There is no command statsu: did you mean .*status/);
  }
  assert.equal(filesOfClone(), before);
});
