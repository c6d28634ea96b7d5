import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { checkout, NODE, only, parts, programs, run, script, temporary, writeLockfile } from './testing.ts';

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
  assert.deepEqual(readdirSync(path.join(root, '.tools')), []);
});

test('whatever NODE_ENV says, npm is asked for Node, and for what develops only where needed', async () => {
  const log = path.join(temporary, 'npm.log');
  const bin = programs({ ...parts, npm: `echo "$*" > ${log}; exit 1` });
  const env = { ...only(bin), NODE_ENV: 'production', npm_execpath: '' };
  for (const [profile, flag] of [
    ['start', 'omit'],
    ['cluster', 'include'],
    ['load', 'include'],
  ] as const) {
    assert.equal((await run(checkout(), [profile], env)).code, 2);
    assert.match(readFileSync(log, 'utf8'), new RegExp(`^ci .*--${flag}=dev --include=optional$`, 'm'));
  }
});

/** A checkout with a package that runs and one that develops, and an environment whose npm installs them. */
function checkoutWithPackages() {
  const root = checkout();
  const manifest = { name: 'checkout', version: '1.0.0' };
  const packages = {
    '': manifest,
    'node_modules/runs': { version: '1.0.0' },
    'node_modules/develops': { version: '1.0.0', dev: true },
  };
  const lockfile = path.join(root, 'package-lock.json');
  writeFileSync(lockfile, JSON.stringify({ ...manifest, lockfileVersion: 3, packages }));
  const install = script(
    'install.mjs',
    `
    import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
    rmSync('node_modules', { recursive: true, force: true });
    const packages = {};
    for (const name of process.argv.includes('--omit=dev') ? ['runs'] : ['runs', 'develops']) {
      mkdirSync('node_modules/' + name, { recursive: true });
      writeFileSync('node_modules/' + name + '/package.json', '{}');
      packages['node_modules/' + name] = { version: '1.0.0' };
    }
    writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));`,
  );
  const env = { ...only(programs({ ...parts, npm: `exec "${NODE}" "${install}" "$@"` })), npm_execpath: '' };
  const there = () => readdirSync(path.join(root, 'node_modules')).filter((name) => !name.startsWith('.'));
  return {
    root,
    lockfile,
    env,
    there,
    setUp: async (profile: string) => (await run(root, [profile], env)).stderr,
  };
}

test('start installs what runs; what develops comes when it is needed, and then stays', async () => {
  const { lockfile, there, setUp } = checkoutWithPackages();
  assert.match(await setUp('start'), /installing npm packages/);
  assert.deepEqual(there(), ['runs']);
  assert.equal(await setUp('start'), '');
  assert.match(await setUp('cluster'), /installing npm packages/);
  assert.deepEqual(there(), ['develops', 'runs']);
  for (const profile of ['start', 'cluster']) assert.equal(await setUp(profile), '');
  // A changed lockfile does not take from a developer what was there.
  writeFileSync(lockfile, `${readFileSync(lockfile, 'utf8')}\n`);
  await setUp('start');
  assert.deepEqual(there(), ['develops', 'runs']);
});

test('what a person installed with npm ci counts as it is', async () => {
  const { root, env, there, setUp } = checkoutWithPackages();
  await once(spawn(path.join(env.PATH, 'npm'), ['ci'], { cwd: root, env }), 'close');
  for (const profile of ['start', 'cluster']) assert.equal(await setUp(profile), '');
  assert.deepEqual(there(), ['develops', 'runs']);
});
