import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { findBinary, PART_BINARIES } from './binaries.mjs';
import { type NodePin, nodeBinary, nodeStep, PIN } from './node.mjs';
import { checkout, NODE, only, parts, programs, ROOT, run, script, temporary } from './testing.ts';

const HERE = `${process.platform}-${process.arch}`;
const TAG = process.platform === 'darwin' ? 'macosx_11_0_universal2' : 'manylinux_2_28_x86_64';
const WRONG = '0'.repeat(64);
/** The least that pip accepts as a wheel. It requires a Python version that does not exist, because Node needs none. */
const DIST_INFO = {
  METADATA: 'Metadata-Version: 2.1\nName: nodes\nVersion: 1.0.0\nRequires-Python: >=4\n',
  WHEEL: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  RECORD: '',
};
const pip = findBinary(...PART_BINARIES.pip);
const python = findBinary('python3');
const withoutPip = pip && python ? false : 'pip is not installed: install Python 3 with pip to run this';

/** The index where pip finds the wheel of the test, and nothing else. */
const index = path.join(temporary, 'index');
let sha256: string;

before(() => {
  if (withoutPip) return;
  const files = path.join(temporary, 'wheel');
  mkdirSync(path.join(files, 'nodes/bin'), { recursive: true });
  mkdirSync(path.join(files, 'nodes-1.0.0.dist-info'));
  mkdirSync(index);
  // It claims another version, and is the Node that runs the test.
  const program = `#!/bin/sh\ncase "$1" in --version) echo v9.9.9;; *) exec "${NODE}" "$@";; esac\n`;
  writeFileSync(path.join(files, 'nodes/bin/node'), program);
  writeFileSync(path.join(files, 'nodes/bin/LICENSE'), 'MIT');
  for (const [name, text] of Object.entries(DIST_INFO)) {
    writeFileSync(path.join(files, 'nodes-1.0.0.dist-info', name), text);
  }
  const wheel = path.join(index, 'nodes-1.0.0-py3-none-any.whl');
  execFileSync(python!, ['-m', 'zipfile', '-c', wheel, 'nodes', 'nodes-1.0.0.dist-info'], { cwd: files });
  sha256 = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: index });
});

const pinOf = (version: string, digest = sha256): NodePin => ({
  version,
  platforms: { [HERE]: { wheel: 'nodes==1.0.0', tag: TAG, sha256: digest, files: 'nodes/bin' } },
});
/** The files fetched into a checkout, without the Node that every checkout of a test has on macOS. */
const fetchedIn = (root: string) =>
  readdirSync(path.join(root, '.tools/node')).filter((name) => !name.startsWith(PIN.version));

test('Node comes out of a wheel, once, and a script runs on it', { skip: withoutPip }, async () => {
  const root = checkout();
  writeFileSync(path.join(root, 'infra/setup/node.json'), JSON.stringify(pinOf('9.9.9')));
  const file = script('argv0.mjs', 'console.log(process.argv0, process.argv.slice(2).join());');
  const first = await run(root, ['start', file, '--a', 'b']);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, `${NODE} --a,b\n`);
  assert.match(first.stderr, /^set-up: fetching Node 9\.9\.9$/m);
  assert.deepEqual(fetchedIn(root), [`9.9.9-${HERE}`]);
  assert.equal((await run(root, ['start', file])).stderr, '');
});

test('an incomplete Node of a killed set-up is neither used nor in the way', { skip: withoutPip }, async () => {
  const root = checkout();
  const left = path.join(root, '.tools/node/fetching/node/bin');
  mkdirSync(left, { recursive: true });
  writeFileSync(path.join(left, 'node'), 'half of i');
  await nodeStep(root, HERE, pinOf('9.9.9'))!();
  assert.deepEqual(fetchedIn(root), [`9.9.9-${HERE}`]);
  const binary = nodeBinary(root, HERE, pinOf('9.9.9'));
  assert.equal(execFileSync(binary, ['--version'], { encoding: 'utf8' }), 'v9.9.9\n');
  assert.equal(nodeStep(root, HERE, pinOf('9.9.9')), undefined);
});

/** Fails to get Node by this pin, and leaves nothing. */
async function refuses(pin: NodePin, message: RegExp) {
  const root = checkout();
  await assert.rejects(nodeStep(root, HERE, pin)!(), { name: 'Error', exitCode: 2, message });
  assert.deepEqual(existsSync(path.join(root, '.tools/node')) ? fetchedIn(root) : [], []);
}

test('a wheel with another digest is refused, and nothing of it is kept', { skip: withoutPip }, async () => {
  await refuses(
    pinOf('9.9.9', WRONG),
    /^pip got a wheel nodes==1\.0\.0 for \S+ whose sha256 is not the one in infra\/setup\/node\.json, and nothing was kept\. Check the package index/,
  );
});

test('a wheel with another Node than the pin says is refused, and nothing of it is kept', { skip: withoutPip }, () =>
  refuses(
    pinOf('9.9.8'),
    /^The wheel nodes==1\.0\.0 has Node v9\.9\.9, but infra\/setup\/node\.json says v9\.9\.8: correct that file\.$/,
  ),
);

test('a wheel that the index does not have is named, with what pip says', { skip: withoutPip }, async () => {
  const pin = pinOf('9.9.9');
  Object.assign(pin.platforms[HERE]!, { wheel: 'nodes==2.0.0' });
  await refuses(pin, /^pip install nodes==2\.0\.0 failed .*No matching distribution found for nodes==2\.0\.0/s);
});

test('without pip the command that installs it is named', async (t) => {
  const { PATH } = process.env;
  t.after(() => {
    process.env['PATH'] = PATH;
    delete process.env['GRIDLOCK_PATH_ONLY'];
  });
  Object.assign(process.env, only(programs(parts)));
  await refuses(
    pinOf('9.9.9', WRONG),
    /^Missing: pip\. Run this once, then start again:\n {2}\S*.*install .*(pip|python)/,
  );
});

test('a platform without a Node is refused with a list of the others', () => {
  assert.throws(() => nodeStep(ROOT, 'sunos-x64'), {
    exitCode: 2,
    message: 'Gridlock runs on linux-x64, linux-arm64, darwin-x64, darwin-arm64; this machine is sunos-x64.',
  });
});
