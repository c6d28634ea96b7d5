// The operations page in Chromium, on the internal port of a replica of a real cluster with real players.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { capture, grid } from '../services/apps/grid/grid.ts';
import type { GridlockClient } from '../services/client/index.ts';
import { createClient } from '../services/client/node.ts';
import { assertAccessible } from './kit/axe.ts';
import { noteTexts, openBrowser } from './kit/chromium.ts';
import { until } from './kit/wait.ts';

const ARTEFACTS = path.resolve(import.meta.dirname, '../.artifacts');
const PLAYERS = 8;

let cluster: Cluster;
let browser: BrowserContext;
let page: Page;
let address: string;
const players: GridlockClient[] = [];
const guests: GridlockClient[] = [];
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
  for (const player of [...players, ...guests]) player.close();
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

/** The key that `npm start` made. */
const operatorKey = () =>
  readFileSync(path.join(cluster.stateDir, 'run', 'operator.keys'), 'utf8')
    .trim()
    .split(':')[1]!;

async function signIn(): Promise<void> {
  await page.getByRole('button', { name: 'Sign in to act' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Key of an operator').fill(operatorKey());
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

async function newPlayer(name: string): Promise<GridlockClient> {
  const player = createClient({ room: grid, url: cluster.url, ca: cluster.rootPem, name });
  player.on('error', () => undefined);
  guests.push(player);
  await player.connect();
  return player;
}

/** Waits until the events report an action. */
const told = (text: string | RegExp) =>
  until(
    async () => {
      const texts = await page.locator('[data-testid=events] [data-kind=action] .event-text').allInnerTexts();
      const actions = texts.map((one) => one.replace(/^\S+ /, ''));
      return actions.some((one) => (typeof text === 'string' ? one === text : text.test(one)));
    },
    `the events report ${text}`,
    30_000,
  );

const inState = (replica: string, state: string) =>
  page.locator(`[data-testid=replica-${replica}][data-state=${state}]`).waitFor({ timeout: 60_000 });
const screenshot = (name: string) =>
  page.screenshot({ path: path.join(ARTEFACTS, `operations-${name}.png`), fullPage: true });

/** Pixels of a canvas that are not empty. */
const inkOf = (canvas: Locator) =>
  canvas.evaluate((element: any) => {
    const { data } = element.getContext('2d').getImageData(0, 0, element.width, element.height);
    return data.filter((value: number, index: number) => index % 4 === 3 && value > 0).length as number;
  });

test('every replica is on the page, ready, and their sockets are those of the players', async () => {
  for (const replica of ['1111', '2222', '3333', '4444']) await inState(replica, 'ready');
  await page.getByTestId('ready').and(page.getByText('4 of 4 replicas ready')).waitFor();
  // A replica reports its figures once a second, so the first ones may be from before the last player came.
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
  const chart = figure('sockets').getByRole('img');
  await until(async () => Number(await chart.getAttribute('data-points')) > 3, 'the curve has points', 60_000);
  await until(async () => (await inkOf(chart.locator('canvas'))) > 20, 'it is drawn', 60_000);
  const spoken = await figure('sockets').getByRole('img').getAttribute('aria-label');
  assert.match(spoken ?? '', /^Sockets, last five minutes: from \d+ to \d+$/);
});

test('pointing at a curve shows the value of that moment', async () => {
  const total = page.getByTestId('total-sockets');
  const tip = total.getByTestId('chart-tip');
  assert.equal(await tip.isVisible(), false);
  const { x, y, width, height } = (await total.getByRole('img').boundingBox())!;
  await page.mouse.move(x + width - 3, y + height / 2);
  await tip.filter({ hasText: new RegExp(`^${PLAYERS} · (now|\\d+\\ss ago)$`) }).waitFor();
  await page.mouse.move(0, 0);
  await tip.waitFor({ state: 'hidden' });
});

test('the edge is there with its sessions and handshakes, and Redis with its memory and commands', async () => {
  const edge = page.getByTestId('edge');
  await edge
    .getByTestId('edge-sessions')
    .filter({ hasText: new RegExp(`^${PLAYERS} of [1-9]`) })
    .waitFor({ timeout: 60_000 });
  // There are handshakes even without new players, because the replica itself checks the certificate.
  await edge
    .getByTestId('edge-handshakes')
    .filter({ hasText: /^\d[\d.]* a second/ })
    .waitFor({ timeout: 60_000 });
  const store = page.getByTestId('store');
  await store
    .getByTestId('store-memory')
    .filter({ hasText: /^\d+\sMB of 403\sMB, \d+ %$/ })
    .waitFor({ timeout: 60_000 });
  await store
    .getByTestId('store-commands')
    .filter({ hasText: /^[1-9][\d,]* a second$/ })
    .waitFor({ timeout: 60_000 });
  await store.getByText(/primary · \d+ clients · no replica/).waitFor();
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

test('it works at 360 px, in dark mode and with the keyboard', async () => {
  await screenshot('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await screenshot('dark');
  await page.setViewportSize({ width: 360, height: 740 });
  await screenshot('phone');
  const widest = () => page.evaluate<number>('document.documentElement.scrollWidth');
  await until(async () => (await widest()) <= 360, 'nothing is wider than the phone');
  await page.setViewportSize({ width: 1280, height: 1180 });
  await page.emulateMedia({ colorScheme: 'light' });
  // A scrolling part has to be reached without a mouse.
  await page.getByRole('button', { name: 'Sign in to act' }).focus();
  await page.keyboard.press('Tab');
  await page.getByTestId('events').and(page.locator(':focus')).waitFor();
  const unnamed = await page.locator('svg[role=img]:not([aria-label])').count();
  assert.equal(unnamed, 0);
});

test('a wrong key lets nobody in, and is reported', async () => {
  await page.getByRole('button', { name: 'Sign in to act' }).click();
  const dialog = page.getByRole('dialog');
  await assertAccessible(page, 'the sign-in');
  await dialog.getByLabel('Key of an operator').fill('x'.repeat(40));
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'No operator of this cluster has this key' }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page
    .locator('[data-testid=events] [data-kind=action]')
    .filter({ hasText: 'a key that no operator has' })
    .waitFor();
  assert.equal(await page.getByTestId('rooms').count(), 0);
  assert.equal(await page.getByRole('button', { name: /^Drain/ }).count(), 0);
});

test('with the key of npm start rooms and connections are there, also after a reload', async () => {
  await signIn();
  await page.getByTestId('operator').getByText('operator', { exact: true }).waitFor();
  await page.reload();
  await page.getByTestId('operator').getByText('operator', { exact: true }).waitFor();
  const connections = page.getByTestId('connections').locator('tbody tr');
  await until(async () => (await connections.count()) === PLAYERS, 'every player is listed');
  await page.getByTestId('rooms').locator('tbody tr').first().waitFor();
  await assertAccessible(page, 'the lists');
  await screenshot('operator');
  await page.getByRole('searchbox', { name: 'Search connections' }).fill('player 3');
  await page.keyboard.press('Enter');
  await until(async () => (await connections.count()) === 1, 'one is found');
  assert.match(
    (await connections.first().innerText()).replaceAll(/\s+/g, ' '),
    /^player 3 \S+ \d{4} websocket 127\.0\.0\.1 /,
  );
});

test('a room shows its state, its history and where its members are, and is closed after one question', async () => {
  const [one, two] = await Promise.all(['Ann', 'Ben'].map(newPlayer));
  const { code: room } = await one!.create({ players: 2, size: 16, seconds: 300 });
  await two!.join(room);
  await one!.send(room, capture(7));
  await page.getByRole('searchbox', { name: 'Search rooms' }).fill(room);
  await page.keyboard.press('Enter');
  await page.getByTestId('rooms').getByRole('button', { name: room }).click();
  const shown = page.getByTestId('room');
  await shown.getByText(/^Ann/).waitFor();
  await shown
    .locator('.members li')
    .filter({ hasText: /Ben \S+ \d{4} by websocket$/ })
    .waitFor();
  assert.match(await page.getByTestId('room-state').innerText(), /"status": "active"/);
  await page.getByTestId('room-history').getByText('"kind":"captured"').waitFor();
  await assertAccessible(page, 'a room');
  await screenshot('room');
  await shown.getByRole('button', { name: 'Close the room' }).click();
  await page.getByRole('heading', { name: `Close room ${room}?` }).waitFor();
  await assertAccessible(page, 'a question');
  await screenshot('question');
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(one!.room(room)?.state.status, 'active', 'asking closes nothing');
  await shown.getByRole('button', { name: 'Close the room' }).click();
  await page.getByTestId('confirm').click();
  await until(
    () => [one, two].every((player) => player!.room(room)?.state.reason === 'closed'),
    'both players see the end',
  );
  await shown.getByText(/^over/).waitFor();
  await page.keyboard.press('Escape');
  await told(`operator: close room ${room}. Event 6 ended it.`);
});

test('a player is disconnected, and a message published', async () => {
  const [one] = await Promise.all(['Cyd'].map(newPlayer));
  await one!.subscribe('lobby');
  const heard: unknown[] = [];
  one!.on('message', ({ data, player }) => heard.push([player.name, data]));
  const publish = page.getByTestId('publish');
  await publish.getByLabel('Message, as JSON').fill('{"text":"at six we stop"');
  await publish.getByRole('button', { name: 'Publish' }).click();
  await publish.getByText('The message is not JSON.').waitFor();
  await publish.getByLabel('Message, as JSON').fill('{"text":"at six we stop"}');
  await publish.getByRole('button', { name: 'Publish' }).click();
  await page.getByTestId('confirm').click();
  await until(() => heard.length === 1, 'it is heard');
  assert.deepEqual(heard, [['operator', { text: 'at six we stop' }]]);
  // The question stays until its answer is here; until then, the rest of the page takes no key.
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  const closed = new Promise((resolve) =>
    one!.on('state', ({ state, reason }) => state === 'closed' && resolve(reason)),
  );
  await page.getByRole('searchbox', { name: 'Search connections' }).fill('Cyd');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Disconnect Cyd' }).click();
  await page.getByTestId('confirm').click();
  assert.equal(await closed, 'disconnected');
  await told(/^operator: disconnect player \S+\. The sockets of the player are told to close\.$/);
});

test('the certificate is rotated in the running edge, and no socket is lost', async () => {
  const leaf = () => page.getByTestId('certificates').getByRole('listitem').first().innerText();
  const serial = async () => (await cluster.status()).certificates.find(({ role }) => role === 'leaf')!.serialNumber;
  const before = await serial();
  const open = players.map((player) => player.health.connection);
  await page.getByRole('button', { name: 'Rotate the certificate' }).click();
  await page.getByTestId('confirm').click();
  const after = async () => (await serial()) !== before;
  await until(after, 'there is a new leaf', 60_000);
  await told(new RegExp(`^operator: rotate the certificate\\. The edge shows the new leaf ${await serial()}, `));
  assert.match(await leaf(), /^Leaf/);
  assert.deepEqual(
    players.map((player) => player.health.connection),
    open,
  );
});

test('the sockets of a replica are moved, and a replica is drained: it is back, and nobody lost a game', async () => {
  await page.getByRole('button', { name: 'Move sockets of 4444' }).click();
  await page.getByTestId('confirm').click();
  await told(/^operator: move the sockets of replica 4444\. It sends \d+ sockets away\.$/);
  const { replicas } = await cluster.status();
  const pid = replicas[3]!.pid;
  await page.getByRole('button', { name: 'Drain 4444' }).click();
  await page.getByTestId('confirm').click();
  await told(/^operator: drain replica 4444\. It drains \d+ sockets, ends, and is restarted\.$/);
  await until(
    async () => {
      const now = (await cluster.status()).replicas[3]!;
      return now.ready && now.pid !== pid;
    },
    'another process is there',
    60_000,
  );
  await inState('4444', 'ready');
  await until(() => players.every((player) => player.state === 'open'), 'every player is back', 60_000);
});

test('none of it can be reached through the edge, not even with the key', async () => {
  const { Agent, request } = await import('node:https');
  const agent = new Agent({ ca: cluster.rootPem });
  const key = operatorKey();
  const { hostname, port } = new URL(cluster.url);
  const statusOf = (path: string, method: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      request({ agent, hostname, port, path, method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end(
          method === 'POST' ? JSON.stringify({ id: 'x', request: { action: 'drain', replica: '1111' } }) : undefined,
        );
    });
  const authorization = `Bearer ${key}`;
  for (const host of [`${hostname}:${port}`, '127.0.0.1:9090']) {
    for (const path of [
      '/ops/api/actions',
      '//ops/api/actions',
      '/%6fps/api/actions',
      '/x/../ops/api/actions',
      '/ops/',
    ]) {
      for (const method of ['GET', 'POST']) {
        const status = await statusOf(path, method, { host, authorization, 'content-type': 'application/json' });
        assert.ok([400, 403, 404, 405, 421].includes(status), `${method} ${path} ${status}`);
      }
    }
  }
  agent.destroy();
  assert.equal((await cluster.status()).replicas[0]!.ready, true);
});

test('a user who has signed out sees figures only, also in dark mode and on a phone', async () => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await assertAccessible(page, 'the lists in the dark, on a phone');
  // The charts are drawn for the new width in the next frame.
  const widest = () => page.evaluate<number>('document.documentElement.scrollWidth');
  await until(async () => (await widest()) <= 390, 'nothing is wider than the phone');
  await screenshot('operator-phone');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 1180 });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in to act' }).waitFor();
  assert.equal(await page.getByTestId('connections').count(), 0);
  await assertAccessible(page, 'figures only');
});

test('a frozen replica is silent, then gone with an event, and is back when it resumes', async () => {
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

test('a killed replica is reported once, and is back', async () => {
  const told = page.locator('[data-testid=events] [data-kind=gone][data-replica="2222"]');
  assert.equal(await told.count(), 0, 'a replica that was frozen itself does not report the others as gone');
  await cluster.killReplica(2);
  await told.filter({ hasText: /ended without a drain|fell silent/ }).waitFor({ timeout: 60_000 });
  await cluster.settled();
  await inState('2222', 'ready');
  await page.locator('[data-testid=events] [data-kind=ready][data-replica="2222"]').nth(1).waitFor();
  assert.equal(await told.count(), 1, 'three replicas saw it, one noted it');
});

test('the page says that it is stale when its own replica dies, and comes back to life by itself', async () => {
  const { replicas } = await cluster.status();
  // The supervisor is paused, so that the replica is not back before the page is checked.
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

test('nothing went wrong in the page but the socket that was lost, and the key that was wrong', () => {
  const [refused, others] = [/401 \(Unauthorized\)/, /WebSocket connection|ERR_CONNECTION|401 \(Unauthorized\)/];
  assert.deepEqual(
    problems.filter((text) => !others.test(text)),
    [],
  );
  assert.equal(problems.filter((text) => refused.test(text)).length, 1);
});
