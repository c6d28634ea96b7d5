// The buttons that break the cluster, pressed in a real page during a game of two; the history is read by the API.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { fetchServed } from '../certs/edge/tls-endpoint.ts';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { Backend, KeysFile, newKey } from '../services/server/testing/backend.ts';
import { assertAccessible } from './kit/axe.ts';
import { openBrowser } from './kit/chromium.ts';
import { connected, create, fill, inState, part } from './kit/game-page.ts';
import { repetitions } from './kit/repetitions.ts';
import { trustingFetch } from './kit/trusting-fetch.ts';

const TIMES = repetitions(1, 10);
const CUT_MS = 5000;
/** A trial ends within a minute, or reports that it did not. */
const TRIAL_MS = 90_000;

const key = newKey();
let keysFile: KeysFile;
let cluster: Cluster;
let browser: BrowserContext;
let backend: Backend;

before(async () => {
  keysFile = new KeysFile(`test:${key}`);
  cluster = await startCluster({ apiKeysFile: keysFile.path });
  backend = new Backend(cluster.url, key, trustingFetch(cluster.rootPem));
  browser = await openBrowser({
    rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem'),
    viewport: { width: 1280, height: 800 },
  });
});
after(async () => {
  await browser?.close();
  await cluster?.stop();
  keysFile?.remove();
});

async function arrive(name: string, address = cluster.url): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(address);
  await connected(page);
  await fill(page, 'name', name);
  return page;
}

/** Two pages in a running game on the largest board. */
async function newGame(): Promise<{ ann: Page; ben: Page; code: string }> {
  const ann = await arrive('Ann');
  const code = await create(ann, { players: 2, size: 16, seconds: 300 });
  const ben = await arrive('Ben', `${cluster.url}/#${code}`);
  await part(ben, 'join').click();
  for (const page of [ann, ben]) await inState(page, 'active');
  return { ann, ben, code };
}

/** Plays on by itself, as its player would, until the page is closed. Runs in the page. */
const PLAY = `setInterval(() => {
  const free = [...document.querySelectorAll('[role=gridcell][data-seat="-1"]:not(.pending)')];
  free[Math.floor(Math.random() * free.length)]?.click();
}, 700)`;

/** An element as the page has it. */
interface WithData {
  readonly dataset: Readonly<Record<string, string>>;
}

/** Presses a button. Resolves with the row of the strip that reports the result. */
async function press(page: Page, target: string): Promise<Record<string, string>> {
  const before = await rowNumber(part(page, 'trial').first());
  await part(page, `break-${target}`).click();
  const over = page.locator(`[data-testid=trial][data-number="${before + 1}"]:not([data-state="under way"])`);
  await over.waitFor({ timeout: TRIAL_MS });
  const row = await over.evaluate((element) => ({ ...(element as unknown as WithData).dataset }));
  assert.equal(row['state'], 'over', await over.innerText());
  return { ...row, text: await over.innerText() };
}

const rowNumber = async (row: Locator) =>
  (await row.count()) === 0 ? 0 : Number(await row.getAttribute('data-number'));

/** The strip agrees with the history that the store has. */
async function assertHistory(code: string, row: Record<string, string>): Promise<void> {
  const [from, to, received] = [Number(row['from']), Number(row['to']), Number(row['received'])];
  const answer = await backend.get(`/rooms/${code}/events?epoch=${row['epoch']}&after=${from}&limit=500`);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.epoch, row['epoch']);
  const between = (answer.body.events as { seq: number }[]).filter(({ seq }) => seq <= to);
  assert.equal(received, between.length, `events received, of ${from} to ${to}`);
  assert.equal(row['missed'], '0', row['text']);
}

const served = async () => {
  const roots = [new X509Certificate(cluster.rootPem)];
  const { chain } = await fetchServed({ host: '127.0.0.1', port: Number(new URL(cluster.url).port) }, roots);
  return chain[0]!.serialNumber;
};

/** What each button does, seen from outside of the page. */
const TARGETS: Readonly<
  Record<string, { strike: (row: Record<string, string>) => Promise<void>; takesSocket: boolean }>
> = {
  replica: {
    takesSocket: true,
    strike: async (row) => {
      const { replicas } = await cluster.status();
      assert.ok(replicas.find(({ appId }) => appId === row['replica'])!.restarts > 0, row['text']);
      assert.match(row['replicaAfter']!, /^\d{4}$/);
      assert.match(row['text']!, new RegExp(`${row['replica']} → ${row['replicaAfter']}`));
    },
  },
  redis: {
    takesSocket: false,
    strike: async (row) => {
      assert.ok((await cluster.status()).redis.restarts > 0);
      assert.ok(Number(row['backAfterMs']) > 0, row['text']);
    },
  },
  edge: { takesSocket: true, strike: async () => assert.ok((await cluster.status()).edge.restarts > 0) },
  certificate: {
    takesSocket: false,
    strike: async (row) => {
      assert.notEqual(row['serialBefore'], row['serialAfter']);
      assert.equal(row['serialAfter'], await served());
    },
  },
  network: {
    takesSocket: true,
    strike: async (row) => assert.ok(Number(row['awayMs']) >= CUT_MS, row['text']),
  },
};

for (const [target, { strike, takesSocket }] of Object.entries(TARGETS)) {
  test(`${target}: ${TIMES} times in a game of two nothing is missed, and the strip agrees with the history`, async (t) => {
    const { ann, ben, code } = await newGame();
    await Promise.all([ann, ben].map((page) => page.evaluate(PLAY)));
    const away: number[] = [];
    let events = 0;
    for (let time = 0; time < TIMES; time++) {
      await cluster.settled();
      const row = await press(ann, target);
      await assertHistory(code, row);
      await strike(row);
      if (takesSocket) assert.ok(Number(row['awayMs']) > 0, row['text']);
      else assert.match(row['text']!, /stayed open/);
      away.push(Number(row['awayMs'] || row['backAfterMs']));
      events += Number(row['received']);
    }
    const sorted = away.sort((one, other) => one - other);
    t.diagnostic(`${TIMES} times, ${events} events meanwhile, 0 missed; back after ${sorted.join(', ')} ms`);
    await Promise.all([ann.close(), ben.close()]);
  });
}

test('from another machine the buttons appear only with the key of the operator', async (t) => {
  const elsewhere = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  if (elsewhere === undefined) return t.skip('this machine has no address but loopback');
  const operator = newKey();
  const keys = new KeysFile(`operator:${operator}`);
  const other = await startCluster({ replicas: 1, host: elsewhere, breakIt: 'on', operatorKeysFile: keys.path });
  const stranger = await openBrowser({ rootCertificate: path.join(other.stateDir, 'pki', 'root.pem') });
  try {
    const page = await stranger.newPage();
    await page.goto(other.url);
    await part(page, 'create').click();
    await assertAccessible(page, 'the form for the key');
    const key = part(page, 'break-key');
    await key.getByLabel("The operator's key").fill('x'.repeat(40));
    await key.getByRole('button').click();
    await key.getByRole('alert').waitFor();
    await assertAccessible(page, 'the form with a wrong key');
    assert.equal(await part(page, 'break-it').count(), 0);
    await key.getByLabel("The operator's key").fill(operator);
    await key.getByRole('button').click();
    await part(page, 'break-redis').waitFor();
    const row = await press(page, 'redis');
    assert.match(row['text']!, /Redis killed/);
    assert.equal((await other.status()).redis.restarts, 1);
  } finally {
    await stranger.close();
    await other.stop();
    keys.remove();
  }
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the buttons and the strip before, during and after a break, ${colorScheme}`, async () => {
    const { ann, ben } = await newGame();
    await ann.emulateMedia({ colorScheme });
    await assertAccessible(ann, 'the buttons');
    const pressed = press(ann, 'network');
    await ann.locator('[data-testid=trial][data-state="under way"]').waitFor();
    await assertAccessible(ann, 'the strip while the network is cut');
    await pressed;
    await assertAccessible(ann, 'the strip after it');
    await Promise.all([ann.close(), ben.close()]);
  });
}
