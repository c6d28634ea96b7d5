// Fetches Node for every platform as the set-up of that platform does, which takes a network.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inFull } from '../../tests/kit/repetitions.ts';
import { findBinary, PART_BINARIES } from './binaries.mjs';
import { PIN, unpackWheel } from './node.mjs';
import { ROOT, temporary } from './testing.ts';

const withoutPip = findBinary(...PART_BINARIES.pip)
  ? false
  : 'pip is not installed: install Python 3 with pip to run this';
const lockfile = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string; integrity: string }>;
};

/** The Node of a package, unpacked. npm checks no digest of a package outside a project, so the test does. */
function unpackPackage(name: string, directory: string): string {
  const args = ['pack', `${name}@${PIN.version}`, '--json', '--pack-destination', directory];
  const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', cwd: directory })) as [
    { filename: string; integrity: string },
  ];
  assert.equal(packed.integrity, lockfile.packages[`node_modules/${name}`]?.integrity);
  execFileSync('tar', ['-xzf', packed.filename, 'package/bin/node'], { cwd: directory });
  return path.join(directory, 'package/bin');
}

/** How an executable begins: ELF and its machine, Mach-O and its processor. */
const HEADERS: Record<string, RegExp> = {
  'linux-x64': /^7f454c46.{28}3e00/,
  'linux-arm64': /^7f454c46.{28}b700/,
  'darwin-x64': /^cffaedfe07000001/,
  'darwin-arm64': /^cffaedfe0c000001/,
};

for (const [platform, source] of Object.entries(PIN.platforms)) {
  const missing = 'npm' in source ? false : withoutPip;
  const skip = inFull ? missing : 'it fetches 50 MB: npm test -- --full infra/setup';
  test(`the pin for ${platform} is a Node for it, of that version`, { skip }, async () => {
    const directory = mkdtempSync(path.join(temporary, 'pinned-'));
    const files = 'npm' in source ? unpackPackage(source.npm, directory) : await unpackWheel(source, directory);
    const node = readFileSync(path.join(files, 'node'));
    assert.match(node.subarray(0, 32).toString('hex'), HEADERS[platform]!);
    assert.ok(node.includes(`v${PIN.version}`));
  });
}
