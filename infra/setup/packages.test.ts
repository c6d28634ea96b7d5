import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { checkout, only, parts, programs, run, temporary, writeLockfile } from './testing.ts';

test('npm packages are installed once, and again only when the lockfile changed', async () => {
  const root = checkout();
  const first = await run(root, ['start']);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^set-up: installing npm packages/);
  assert.deepEqual(await run(root, ['start']), { code: 0, stdout: '', stderr: '' });
  writeLockfile(root, '1.0.1');
  assert.match((await run(root, ['start'])).stderr, /installing npm packages/);
});

test('two set-ups at once install once, and neither leaves its lock', async () => {
  const root = checkout();
  const both = await Promise.all([run(root, ['start']), run(root, ['start'])]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  const installs = both.filter(({ stderr }) => stderr.includes('installing npm packages'));
  assert.equal(installs.length, 1);
  assert.ok(!existsSync(path.join(root, '.tools/setup.lock')));
});

test('whatever NODE_ENV says, npm installs Node, and development packages only where needed', async () => {
  const log = path.join(temporary, 'npm.log');
  const bin = programs({ ...parts, npm: `echo "$*" > ${log}; exit 1` });
  const env = { ...only(bin), NODE_ENV: 'production', npm_execpath: '' };
  for (const [profile, flag] of [
    ['start', 'omit'],
    ['cluster', 'include'],
    ['load', 'include'],
  ] as const) {
    assert.equal((await run(checkout(), [profile], env)).code, 2);
    assert.match(readFileSync(log, 'utf8'), new RegExp(`^install --no-save .*--${flag}=dev --include=optional$`, 'm'));
  }
});

/** A checkout with one runtime package and one development package. The real npm installs both from files. */
function checkoutWithPackages() {
  const root = checkout();
  for (const name of ['runs', 'develops']) {
    mkdirSync(path.join(root, 'package'), { recursive: true });
    writeFileSync(path.join(root, 'package/package.json'), JSON.stringify({ name, version: '1.0.0' }));
    execFileSync('tar', ['-czf', `${name}.tgz`, 'package'], { cwd: root });
  }
  const manifest = {
    name: 'checkout',
    version: '1.0.0',
    dependencies: { runs: 'file:runs.tgz' },
    devDependencies: { develops: 'file:develops.tgz' },
  };
  const packages = {
    '': manifest,
    'node_modules/runs': { version: '1.0.0', resolved: 'file:runs.tgz' },
    'node_modules/develops': { version: '1.0.0', resolved: 'file:develops.tgz', dev: true },
  };
  writeFileSync(path.join(root, 'package.json'), JSON.stringify(manifest));
  const lockfile = path.join(root, 'package-lock.json');
  writeFileSync(lockfile, JSON.stringify({ name: 'checkout', version: '1.0.0', lockfileVersion: 3, packages }));
  const there = () => readdirSync(path.join(root, 'node_modules')).filter((name) => !name.startsWith('.'));
  return { root, lockfile, there, setUp: async (profile: string) => (await run(root, [profile])).stderr };
}

test('start installs the runtime packages; development packages come when needed, and then stay', async () => {
  const { lockfile, there, setUp } = checkoutWithPackages();
  assert.match(await setUp('start'), /installing npm packages/);
  assert.deepEqual(there(), ['runs']);
  assert.equal(await setUp('start'), '');
  assert.match(await setUp('cluster'), /installing npm packages/);
  assert.deepEqual(there(), ['develops', 'runs']);
  for (const profile of ['start', 'cluster']) assert.equal(await setUp(profile), '');
  // A changed lockfile does not remove development packages.
  writeFileSync(lockfile, `${readFileSync(lockfile, 'utf8')}\n`);
  await setUp('start');
  assert.deepEqual(there(), ['develops', 'runs']);
});

test('packages that a person installed with npm ci are accepted', async () => {
  const { root, there, setUp } = checkoutWithPackages();
  execFileSync('npm', ['ci'], { cwd: root });
  for (const profile of ['start', 'cluster']) assert.equal(await setUp(profile), '');
  assert.deepEqual(there(), ['develops', 'runs']);
});

test('an installation leaves existing packages in place, because a cluster may be running from them', async () => {
  const { root, lockfile, there, setUp } = checkoutWithPackages();
  await setUp('start');
  const before = readFileSync(lockfile, 'utf8');
  const used = path.join(root, 'node_modules/runs');
  const served = path.join(root, 'node_modules/.cache/page/index.html');
  mkdirSync(path.dirname(served), { recursive: true });
  writeFileSync(served, 'page');
  const identity = () => [used, path.join(used, 'package.json')].map((file) => statSync(file).ino);
  const first = identity();
  await setUp('cluster');
  assert.deepEqual(there(), ['develops', 'runs']);
  assert.deepEqual(identity(), first);
  assert.ok(existsSync(served));
  assert.equal(readFileSync(lockfile, 'utf8'), before);
});

test('packages that differ from the lockfile are refused', async () => {
  const { root, setUp } = checkoutWithPackages();
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(root, 'package/package.json'), JSON.stringify({ name: 'runs', version: '2.0.0' }));
  execFileSync('tar', ['-czf', 'runs-2.tgz', 'package'], { cwd: root });
  manifest.dependencies.runs = 'file:runs-2.tgz';
  writeFileSync(path.join(root, 'package.json'), JSON.stringify(manifest));
  assert.match(await setUp('start'), /npm did not install what package-lock\.json says: node_modules\/runs\./);
});
