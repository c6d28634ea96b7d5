import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Chain, ensureChain } from '../index.ts';
import { localNames, temporaryDirectory } from '../testing/fixtures.ts';

const LIBRARY = new URL('../index.ts', import.meta.url).href;
const LOCK = new URL('./directory-lock.ts', import.meta.url).href;

/** A separate process that runs this module text; killed when the test is over. */
function start(t: TestContext, code: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function output(child: ReturnType<typeof start>): Promise<string> {
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(child, 'close');
  return text;
}

const ensure = (dir: string) =>
  `import { ensureChain } from ${JSON.stringify(LIBRARY)};
   process.stdout.write(JSON.stringify(await ensureChain(${JSON.stringify({ dir, ...localNames })})));`;

const serials = (chain: Chain) => chain.certificates.map(({ serialNumber }) => serialNumber).join();

test('concurrent calls in one process give one chain, made by one of them', async (t) => {
  const dir = temporaryDirectory(t);
  const chains = await Promise.all([1, 2, 3].map(() => ensureChain({ dir, ...localNames })));
  assert.equal(new Set(chains.map(serials)).size, 1);
  assert.deepEqual(chains.map(({ changed }) => changed.length).sort(), [0, 0, 3]);
});

test('concurrent processes give one chain, made by one of them', async (t) => {
  const dir = temporaryDirectory(t);
  const children = [1, 2, 3].map(() => start(t, ensure(dir)));
  const chains = (await Promise.all(children.map(output))).map((text) => JSON.parse(text) as Chain);
  assert.equal(new Set(chains.map(serials)).size, 1);
  assert.deepEqual(chains.map(({ changed }) => changed.length).sort(), [0, 0, 3]);
  assert.equal(readdirSync(dir).length, 6);
});

test('the lock of a killed process does not block others', async (t) => {
  const dir = temporaryDirectory(t);
  const holder = start(
    t,
    `import { withLock } from ${JSON.stringify(LOCK)};
     setInterval(() => {}, 1000);
     await withLock(${JSON.stringify(dir)}, () => new Promise(() => process.stdout.write('held')));`,
  );
  await once(holder.stdout, 'data');
  assert.ok(existsSync(join(dir, 'lock')));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const chain = await ensureChain({ dir, ...localNames, lockTimeoutMs: 0 });
  assert.equal(chain.changed.length, 3);
  assert.ok(!existsSync(join(dir, 'lock')));
});

test('a complete chain is checked without loading the X.509 library', async (t) => {
  const dir = temporaryDirectory(t);
  await ensureChain({ dir, ...localNames });
  const code = `${ensure(dir)}
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(${JSON.stringify(LIBRARY)}).cache);
    process.stdout.write('\\n' + loaded.filter((path) => path.includes('x509')).length);`;
  const [chain = '', loaded] = (await output(start(t, code))).split('\n');
  assert.deepEqual((JSON.parse(chain) as Chain).changed, []);
  assert.equal(loaded, '0');
});
