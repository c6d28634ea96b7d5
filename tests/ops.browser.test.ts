// The operations page in Chromium, on the internal port of a replica of a real cluster with real players.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { capture, grid } from '../services/apps/grid/grid.ts';
import type { GridlockClient } from '../services/client/index.ts';
import { createClient } from '../services/client/node.ts';
import { noteTexts, openBrowser } from './kit/chromium.ts';
import { until } from './kit/wait.ts';

const ARTEFACTS = path.resolve(import.meta.dirname, '../.artifacts');
const PLAYERS = 8;

let cluster: Cluster;
let browser: BrowserContext;
let page: Page;
let address: string;
const players: GridlockClient[] = [];
const problems: string[] = [];
let playing = true;
let games: Promise<unknown> = Promise.resolve();

before(async () => {
  mkdirSync(ARTEFACTS, { recursive: true });
  cluster = await startCluster({ replicas: 4 });
  ({ operationsUrl: address } = await cluster.status());
  for (let number = 0; number < PLAYERS; number += 1) {
    const player = createClient({ room: grid, url: cluster.url, ca: cluster.rootPem, name: `player ${number}` });
    player.on('error', () => undefined);
    players.push(player);
  }
  await Promise.all(players.map((player) => player.connect()));
  const pairs = Array.from({ length: PLAYERS / 2 }, (_, pair) => [players[2 * pair]!, players[2 * pair + 1]!] as const);
  games = Promise.all(pairs.map(([one, two]) => play(one, two)));
  browser = await openBrowser({
    rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem'),
    viewport: { width: 1280, height: 1180 },
    colorScheme: 'light',
  });
  page = await browser.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  await page.goto(address);
  await page.locator('[data-testid=live][data-live=true]').waitFor();
});

after(async () => {
  playing = false;
  for (const player of players) player.close();
  await games;
  await browser?.close();
  await cluster?.stop();
});

/** Two players in one game after the other, until the end of the tests. Refusals are part of the game. */
async function play(one: GridlockClient, two: GridlockClient): Promise<void> {
  while (playing) {
    try {
      const { code: game } = await one.create({ players: 2, size: 8, seconds: 60 });
      await two.join(game);
      for (let cell = 0; cell < 64 && playing; cell += 1) {
        await (cell % 2 === 0 ? one : two).send(game, capture(cell)).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    } catch {
      // The cluster is being stopped, or the replica under one of them was killed.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const inState = (replica: string, state: string) =>
  page.locator(`[data-testid=replica-${replica}][data-state=${state}]`).waitFor({ timeout: 60_000 });
const screenshot = (name: string) =>
  page.screenshot({ path: path.join(ARTEFACTS, `operations-${name}.png`), fullPage: true });

test('every replica is on the page, ready, and their sockets are those of the players', async () => {
  for (const replica of ['1111', '2222', '3333', '4444']) await inState(replica, 'ready');
  await page.getByTestId('ready').and(page.getByText('4 of 4 replicas ready')).waitFor();
  // A replica tells its figures once a second: those shown first may be from before the last player came.
  await until(
    async () => {
      const sockets = await page.getByTestId(/^sockets-/).allInnerTexts();
      return sockets.length === 4 && sockets.reduce((sum, count) => sum + Number(count), 0) === PLAYERS;
    },
    'the sockets of the four replicas are those of the players',
    60_000,
  );
  const total = page.getByTestId('total-sockets');
  await until(
    async () => new RegExp(`^Sockets\\s+${PLAYERS}\\b`).test(await total.innerText()),
    'their total is the number of the players',
    60_000,
  );
});

test('what is played is seen in events, moves and their 99th percentile, as figures and as curves', async () => {
  const figure = (measure: string) => page.getByTestId(`total-${measure}`);
  await figure('events').filter({ hasText: /[1-9]/ }).waitFor();
  await figure('moves').filter({ hasText: /[1-9]/ }).waitFor();
  await figure('p99')
    .filter({ hasText: /\d\sms/ })
    .waitFor();
  const line = figure('sockets').locator('.curve-line');
  const isDrawn = (path: { getAttribute(name: string): string | null } | null) =>
    (path?.getAttribute('d') ?? '').split('L').length > 3;
  await page.waitForFunction(isDrawn, await line.elementHandle());
  const spoken = await figure('sockets').getByRole('img').getAttribute('aria-label');
  assert.match(spoken ?? '', /^Sockets, last five minutes: from \d+ to \d+$/);
});

test('the certificates that the edge shows are there with their days', async () => {
  const certificates = page.getByTestId('certificates').getByRole('listitem');
  await certificates.nth(2).waitFor();
  const [leaf, intermediate, root] = await certificates.allInnerTexts();
  assert.match(leaf!, /^Leaf\s+6 days left\s+localhost, 127\.0\.0\.1, ::1/);
  assert.match(intermediate!, /^Intermediate\s+89 days left/);
  assert.match(root!, /^Root\s+10\.0 years left/);
});

test('a load run that is posted is shown', async () => {
  await page.getByTestId('run').getByText('None in the last thirty days').waitFor();
  const run = {
    scenario: 'reconnect',
    startedAt: new Date().toISOString(),
    seconds: 92,
    passed: false,
    thresholds: [
      { name: 'lost_acked_moves count == 0', passed: true, value: 0 },
      { name: 'move_round_trip_ms p(99) < 250', passed: false, value: 312.4 },
    ],
    summary: { vus: 20, sockets: 1000, moves: 48_230, resume_ms_p99: 641.2, nested: { left: 'out' } },
  };
  const answer = await fetch(new URL('run', address), {
    method: 'POST',
    body: JSON.stringify(run),
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(answer.status, 204);
  const panel = page.getByTestId('run');
  await panel.getByText('Failed', { exact: true }).waitFor();
  const text = (await panel.innerText()).replaceAll(/\s+/g, ' ');
  assert.match(text, /reconnect, (now|\d+ s ago), for 1 min 32 s/);
  assert.match(text, /move_round_trip_ms p\(99\) < 250 312 failed/);
  assert.match(text, /moves 48,230/);
  assert.doesNotMatch(text, /nested/);
});

test('it is whole at 360 px, in the dark, and for the keyboard', async () => {
  await screenshot('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await screenshot('dark');
  await page.setViewportSize({ width: 360, height: 740 });
  await screenshot('phone');
  const widest = await page.evaluate<number>('document.documentElement.scrollWidth');
  assert.ok(widest <= 360, `it is ${widest} px wide`);
  await page.setViewportSize({ width: 1280, height: 1180 });
  await page.emulateMedia({ colorScheme: 'light' });
  // What scrolls has to be reached without a mouse.
  await page.keyboard.press('Tab');
  await page.getByTestId('events').and(page.locator(':focus')).waitFor();
  const unnamed = await page.locator('svg[role=img]:not([aria-label])').count();
  assert.equal(unnamed, 0);
});

test('a replica that stops falls silent, is gone and told of, and is back when it goes on', async () => {
  const { replicas } = await cluster.settled();
  const { pid } = replicas[2]!;
  const stale = await noteTexts(page, '[data-testid=replica-3333][data-state=stale] [data-testid=sockets-3333]');
  const said = await noteTexts(page, '[data-testid=announcer]');
  process.kill(pid!, 'SIGSTOP');
  try {
    await inState('3333', 'gone');
    assert.deepEqual(await stale(), ['–'], 'old figures are not shown as new ones');
    await page.locator('[data-testid=events] [data-kind=gone][data-replica="3333"]').first().waitFor();
    await page.getByTestId('ready').and(page.getByText('3 of 4 replicas ready')).waitFor();
    await until(async () => (await said()).some((text) => text.includes('Replica 3333: Gone.')), 'it is said aloud');
    await screenshot('gone');
  } finally {
    process.kill(pid!, 'SIGCONT');
  }
  await inState('3333', 'ready');
});

test('a killed replica is told of once, and is back', async () => {
  const told = page.locator('[data-testid=events] [data-kind=gone][data-replica="2222"]');
  assert.equal(await told.count(), 0, 'who was stopped itself does not take the others for gone');
  await cluster.killReplica(2);
  await told.filter({ hasText: /ended without a drain|fell silent/ }).waitFor({ timeout: 60_000 });
  await cluster.settled();
  await inState('2222', 'ready');
  await page.locator('[data-testid=events] [data-kind=ready][data-replica="2222"]').nth(1).waitFor();
  assert.equal(await told.count(), 1, 'three replicas saw it, one noted it');
});

test('the page says that it is stale when its own replica dies, and comes back to life by itself', async () => {
  const { replicas } = await cluster.status();
  // The supervisor is held, so that it is not back before anybody has looked.
  cluster.run.process.kill('SIGSTOP');
  try {
    process.kill(replicas[0]!.pid!, 'SIGKILL');
    await page.locator('[data-testid=live][data-live=false]').waitFor();
    await page.getByRole('link', { name: '4444' }).waitFor();
    await screenshot('stale');
  } finally {
    cluster.run.process.kill('SIGCONT');
  }
  await page.locator('[data-testid=live][data-live=true]').waitFor({ timeout: 60_000 });
  await inState('1111', 'ready');
});

test('nothing went wrong in the page but the socket that was lost', () => {
  assert.deepEqual(
    problems.filter((text) => !/WebSocket connection|ERR_CONNECTION/.test(text)),
    [],
  );
});
