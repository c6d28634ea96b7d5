import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { assertAccessible } from './kit/axe.ts';
import { openBrowser } from './kit/chromium.ts';
import { connected, create, fill, held, inState, noteProblems, part, problemsOf } from './kit/game-page.ts';

const ARTEFACTS = path.resolve(import.meta.dirname, '../.artifacts');

let cluster: Cluster;
let browser: BrowserContext;

before(async () => {
  mkdirSync(ARTEFACTS, { recursive: true });
  cluster = await startCluster();
  browser = await openBrowser({
    rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem'),
    viewport: { width: 1280, height: 860 },
  });
});

after(async () => {
  await browser?.close();
  await cluster?.stop();
});

/** A new tab, which is a separate player. */
async function arrive(name: string, address = cluster.url): Promise<Page> {
  const page = await browser.newPage();
  noteProblems(page);
  await page.goto(address);
  await connected(page);
  await fill(page, 'name', name);
  return page;
}

/** Two pages in one running game; the second came by the link that the first one shows. */
async function newGame(settings: { size: number; seconds: number }): Promise<[Page, Page, string]> {
  const ann = await arrive('Ann');
  const code = await create(ann, { players: 2, ...settings });
  const ben = await arrive('Ben', `${cluster.url}/#${code}`);
  await part(ben, 'join').click();
  await Promise.all([ann, ben].map((page) => inState(page, 'active')));
  return [ann, ben, code];
}

test('two pages play one game over wss to its end and agree on the ranking', async () => {
  const [ann, ben] = await newGame({ size: 3, seconds: 300 });
  await Promise.all([ann, ben].map((page) => part(page, 'health-replica').waitFor()));
  for (let cell = 0; cell < 9; cell++) {
    await part([ann, ben][cell % 2]!, `cell-${cell}`).click();
    await Promise.all([held(ann, cell), held(ben, cell)]);
  }
  await Promise.all([ann, ben].map((page) => inState(page, 'completed')));
  const [first, second] = await Promise.all([ann, ben].map((page) => part(page, 'ranking').innerText()));
  assert.match(first!, /Ann[\s\S]*5[\s\S]*Ben[\s\S]*4/);
  assert.equal(second!.replace(/\s*\(?you\)?/gi, ''), first!.replace(/\s*\(?you\)?/gi, ''));
  assert.deepEqual([...problemsOf(ann), ...problemsOf(ben)], []);
  await ann.screenshot({ path: path.join(ARTEFACTS, 'ranking.png') });
  await Promise.all([ann.close(), ben.close()]);
});

test('a page whose connection is cut resumes the game where it was and misses nothing', async () => {
  const [ann, ben] = await newGame({ size: 9, seconds: 300 });
  await part(ann, 'cell-0').click();
  await held(ben, 0);
  const replica = (await part(ben, 'health-replica').innerText()).trim();
  assert.equal(await part(ben, 'health-reconnects').getAttribute('data-count'), '0');
  await cluster.killReplica(Number(replica[0]), 'SIGKILL');
  await connected(ann);
  for (const cell of [10, 20, 30]) {
    await part(ann, `cell-${cell}`).click();
    await held(ann, cell);
  }
  await part(ben, 'health-reconnects').and(ben.locator(':not([data-count="0"])')).waitFor();
  await Promise.all([0, 10, 20, 30].map((cell) => held(ben, cell)));
  await part(ben, 'cell-40').click();
  await held(ann, 40);
  await ann.screenshot({ path: path.join(ARTEFACTS, 'board.png') });
  await cluster.settled();
  await Promise.all([ann.close(), ben.close()]);
});

test('a page that is reloaded goes on with its game as the same player', async () => {
  const [ann, ben] = await newGame({ size: 9, seconds: 300 });
  await part(ann, 'cell-4').click();
  await held(ben, 4);
  await ann.reload();
  await inState(ann, 'active');
  await held(ann, 4);
  await part(ann, 'cell-5').click();
  await held(ben, 5);
  const seats = await Promise.all([4, 5].map((cell) => part(ben, `cell-${cell}`).getAttribute('data-seat')));
  assert.equal(seats[0], seats[1]);
  await Promise.all([ann.close(), ben.close()]);
});

test('the link of a game that is not there, opened in mid-game, costs neither the seat nor the way back', async () => {
  const [ann, ben, code] = await newGame({ size: 9, seconds: 300 });
  await ann.evaluate(`location.hash = '${code === 'ZZZZZZ' ? 'YYYYYY' : 'ZZZZZZ'}'`);
  await part(ann, 'notice').getByRole('button', { name: 'Join it' }).click();
  await part(ann, 'notice').getByText('There is no game with this code').waitFor();
  await ann.reload();
  await inState(ann, 'active');
  await part(ann, 'cell-4').click();
  await held(ben, 4);
  await Promise.all([ann.close(), ben.close()]);
});

test('a game whose creator lets others watch is shown to them read-only, and counts them', async () => {
  const ann = await arrive('Ann');
  for (const [id, value] of Object.entries({ players: '2', seconds: '300' })) {
    await part(ann, id).fill(value);
    await part(ann, id).blur();
  }
  await part(ann, 'spectators').check();
  await part(ann, 'create').click();
  const code = (await part(ann, 'game-code').first().innerText()).trim();
  const [ben, eve] = [await arrive('Ben', `${cluster.url}/#${code}`), await arrive('Eve', `${cluster.url}/#${code}`)];
  await part(ben, 'join').click();
  await part(eve, 'watch').click();
  await Promise.all([ann, ben, eve].map((page) => inState(page, 'active')));
  await part(ann, 'cell-4').click();
  await held(eve, 4);
  await eve.locator('[data-testid=board][aria-readonly=true]').waitFor();
  const talk = eve.getByRole('region', { name: 'Watchers chat' });
  assert.equal(await part(eve, 'chat-input').count(), 1, 'there is a chat for watchers, and no other');
  await talk.getByTestId('chat-input').fill('what a move');
  await talk.getByTestId('chat-input').press('Enter');
  await talk.getByTestId('chat-line').getByText('what a move').waitFor();
  assert.equal(await ann.getByText('what a move').count(), 0, 'players hear nothing of it');
  await part(ann, 'watchers').and(ann.locator('[data-count="1"]')).waitFor();
  await part(eve, 'cell-5').click({ force: true });
  await part(ben, 'cell-6').click();
  await held(eve, 6);
  assert.equal(await part(eve, 'cell-5').getAttribute('data-seat'), '-1');
  await eve.reload();
  await held(eve, 6);
  await part(eve, 'leave').click();
  await part(ann, 'watchers').and(ann.locator('[data-count="0"]')).waitFor();
  assert.deepEqual([ann, ben, eve].flatMap(problemsOf), []);
  await Promise.all([ann, ben, eve].map((page) => page.close()));
});

test('a name with forbidden characters is cleaned, and the page stays connected', async () => {
  const page = await arrive('\u202eAnn\u200b Lee');
  await part(page, 'presence').getByText('Ann Lee (you)').waitFor();
  assert.equal(await part(page, 'name').inputValue(), 'Ann Lee');
  await page.close();
});

test('the board is played by keyboard alone', async () => {
  const [ann, ben] = await newGame({ size: 5, seconds: 300 });
  await part(ann, 'cell-0').focus();
  for (const key of ['ArrowRight', 'ArrowDown', 'j', 'l', 'Enter']) await ann.keyboard.press(key);
  await held(ben, 12);
  for (const key of ['ArrowLeft', ' ']) await ann.keyboard.press(key);
  await held(ben, 11);
  await Promise.all([ann.close(), ben.close()]);
});

test("chat in the lobby reaches the other page; the author's replica is recorded, and does not disturb the text", async () => {
  const [ann, ben] = await Promise.all([arrive('Ann'), arrive('Ben')]);
  await part(ann, 'chat-input').fill('hello');
  await part(ann, 'chat-input').press('Enter');
  const line = part(ben, 'chat-line').filter({ hasText: 'hello' });
  await line.waitFor();
  // A new name takes a new socket, which may lead to another replica.
  const replica = (await part(ann, 'health-replica').innerText()).trim();
  assert.equal(await line.getAttribute('data-replica'), replica);
  assert.equal(await line.innerText(), 'Ann hello');
  await part(ben, 'presence').getByText('Ann').first().waitFor();
  await ben.screenshot({ path: path.join(ARTEFACTS, 'lobby.png') });
  await Promise.all([ann.close(), ben.close()]);
});

test('on a phone the page does not scroll sideways, in the lobby or on a 16 by 16 board', async () => {
  const [ann, ben] = await newGame({ size: 16, seconds: 300 });
  for (const page of [ann, ben]) await page.setViewportSize({ width: 320, height: 640 });
  const overflow = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  assert.equal(await overflow(ann), 0);
  await part(ben, 'leave').click();
  await part(ben, 'quick-match').waitFor();
  assert.equal(await overflow(ben), 0);
  await ann.screenshot({ path: path.join(ARTEFACTS, 'phone.png') });
  await Promise.all([ann.close(), ben.close()]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the lobby, a waiting game, a running one and a finished one, ${colorScheme}`, async () => {
    const ann = await arrive('Ann');
    await ann.emulateMedia({ colorScheme });
    await assertAccessible(ann, 'the lobby');
    for (const [id, value] of Object.entries({ players: '2', size: '3', seconds: '300' })) {
      await part(ann, id).fill(value);
      await part(ann, id).blur();
    }
    await part(ann, 'create').click();
    const code = (await part(ann, 'game-code').first().innerText()).trim();
    // Nobody else reaches this machine as localhost.
    await part(ann, 'only-here').waitFor();
    assert.equal(await part(ann, 'qr-code').count(), 0);
    await assertAccessible(ann, 'a waiting game');
    const ben = await arrive('Ben', `${cluster.url}/#${code}`);
    await ben.emulateMedia({ colorScheme });
    await assertAccessible(ben, 'the lobby of an invited player');
    await part(ben, 'join').click();
    await Promise.all([ann, ben].map((page) => inState(page, 'active')));
    for (let cell = 0; cell < 9; cell++) {
      if (cell === 5) await assertAccessible(ann, 'a running game');
      await part([ann, ben][cell % 2]!, `cell-${cell}`).click();
      await Promise.all([held(ann, cell), held(ben, cell)]);
    }
    await Promise.all([ann, ben].map((page) => inState(page, 'completed')));
    await assertAccessible(ann, 'the page of the winner');
    await assertAccessible(ben, 'the page of the loser');
    await Promise.all([ann.close(), ben.close()]);
  });
}
