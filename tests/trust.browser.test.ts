// A browser whose only knowledge of Gridlock is the root that `gridlock certs trust` put into its store.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { openBrowser } from './kit/chromium.ts';
import { temporaryDirectory } from './kit/directories.ts';
import { connected } from './kit/game-page.ts';

const CLI = path.join(import.meta.dirname, '../cli/main.ts');

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ replicas: 1 });
});
after(() => cluster?.stop());

/** What a browser of a user with this home sees at the address: the title of the page, or why there is none. */
async function visit(home: string): Promise<string> {
  const browser = await openBrowser({ home });
  try {
    const page = await browser.newPage();
    await page.goto(cluster.url);
    await connected(page);
    return await page.title();
  } catch (error) {
    return /net::\w+/.exec((error as Error).message)?.[0] ?? (error as Error).message;
  } finally {
    await browser.close();
  }
}

test('the page opens without a warning once the root is trusted, and with one after untrust', async (t) => {
  const home = temporaryDirectory(t, 'gridlock-home-');
  for (const name of ['local', 'etc']) mkdirSync(path.join(home, name));
  const gridlock = (...args: string[]) => {
    const system = ['--debian-directory', path.join(home, 'local'), '--debian-etc', path.join(home, 'etc')];
    const flags = ['--dir', path.join(cluster.stateDir, 'pki'), ...system];
    const command = ['--disable-warning=ExperimentalWarning', CLI, 'certs', ...args, ...flags];
    execFileSync(process.execPath, command, { env: { ...process.env, HOME: home }, stdio: 'pipe' });
  };
  assert.equal(await visit(home), 'net::ERR_CERT_AUTHORITY_INVALID');
  gridlock('trust', '--yes');
  assert.equal(await visit(home), 'Gridlock');
  gridlock('untrust');
  assert.equal(await visit(home), 'net::ERR_CERT_AUTHORITY_INVALID');
});
