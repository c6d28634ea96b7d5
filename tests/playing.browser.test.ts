import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { assertAccessible } from './kit/axe.ts';
import { openBrowser } from './kit/chromium.ts';
import { connected, inState, noteProblems, part, problemsOf, shape } from './kit/game-page.ts';

let cluster: Cluster;
let browser: BrowserContext;

before(async () => {
  cluster = await startCluster();
  browser = await openBrowser({
    rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem'),
    viewport: { width: 1280, height: 800 },
  });
});

after(async () => {
  await browser?.close();
  await cluster?.stop();
});

/** A tab, which is a separate player. */
async function arrive(name: string, address = cluster.url): Promise<Page> {
  const page = await browser.newPage();
  await page.addInitScript(
    `sessionStorage.getItem('gridlock.name') ?? sessionStorage.setItem('gridlock.name', '${name}')`,
  );
  noteProblems(page);
  await page.goto(address);
  await connected(page);
  return page;
}

const botTags = (page: Page) => part(page, 'bot-tag');

/** Takes the free cells one after the other until the game is over. */
async function playToTheEnd(page: Page): Promise<void> {
  const cells = await page.locator('[role=gridcell]').count();
  for (let cell = 0; cell < cells; cell += 1) {
    if ((await page.locator('[data-testid=board][data-status=completed]').count()) > 0) return;
    const free = page.locator(`[data-testid=cell-${cell}][data-seat="-1"]`);
    if ((await free.count()) > 0) await part(page, `cell-${cell}`).click();
  }
  await inState(page, 'completed');
}

const gameOf = async (page: Page) => new URL(page.url()).hash.slice(1);

async function close(...pages: Page[]): Promise<void> {
  assert.deepEqual(pages.flatMap(problemsOf), []);
  await Promise.all(pages.map((page) => page.close()));
}

test('two tabs that press Quick match play together at once, and no bot comes', async () => {
  const [ann, ben] = await Promise.all([arrive('Ann'), arrive('Ben')]);
  await Promise.all([ann, ben].map((page) => part(page, 'quick-match').click()));
  await Promise.all([ann, ben].map((page) => inState(page, 'active')));
  assert.equal(await gameOf(ann), await gameOf(ben));
  assert.equal(await botTags(ann).count(), 0);
  assert.match(await part(ann, 'scores').innerText(), /Ann[\s\S]*Ben|Ben[\s\S]*Ann/);
  await close(ann, ben);
});

test('a link starts a game without a click; when nobody comes, a marked bot of the chosen strength joins and plays', async () => {
  const ann = await arrive('Ann', `${cluster.url}/?play`);
  await inState(ann, 'waiting');
  await part(ann, 'strength-hard').check({ force: true });
  await inState(ann, 'active');
  await botTags(ann).getByText('hard').waitFor();
  assert.match(ann.url(), /\/#[A-Z0-9]{6}$/);
  const isBots = ann.locator('[role=gridcell]:not([data-seat="-1"])').first();
  await isBots.waitFor();
  assert.match((await isBots.getAttribute('aria-label'))!, /held by Ace, a bot/);
  await part(ann, 'leave').click();
  await part(ann, 'quick-match').waitFor();
  await ann.reload();
  assert.equal(await part(ann, 'strength-hard').isChecked(), true, 'the strength is remembered');
  await close(ann);
});

test('a bot plays on after its player reloaded the page, and leaves with its player', async () => {
  const ann = await arrive('Ann', `${cluster.url}/?play=easy`);
  await inState(ann, 'active');
  await botTags(ann).waitFor();
  const code = await gameOf(ann);
  await ann.reload();
  await inState(ann, 'active');
  const cells = ann.locator('[role=gridcell]:not([data-seat="-1"])');
  const before = await cells.count();
  await cells.nth(before + 1).waitFor();
  assert.equal(await botTags(ann).count(), 1);
  const lobby = await arrive('Eve');
  await part(lobby, 'presence').getByText('Eve (you)').waitFor();
  assert.doesNotMatch(await part(lobby, 'presence').innerText(), /Rookie/, 'the bot is not in the lobby');
  assert.equal(await gameOf(ann), code);
  await close(ann, lobby);
});

test('a bot that was called to a room of three leaves its seat when its player goes', async () => {
  const ann = await arrive('Ann');
  await shape(ann, { players: 3 });
  await part(ann, 'create').click();
  await part(ann, 'call-bot').click();
  await botTags(ann).waitFor();
  const ben = await arrive('Ben', `${cluster.url}/#${await gameOf(ann)}`);
  await part(ben, 'join').click();
  await inState(ben, 'active');
  assert.equal(await botTags(ben).count(), 1, 'others see that it is a bot');
  await part(ann, 'leave').click();
  await part(ann, 'quick-match').waitFor();
  const cleo = await arrive('Cleo');
  await shape(cleo, { players: 3 });
  await part(cleo, 'create').click();
  await part(cleo, 'call-bot').click();
  await botTags(cleo).waitFor();
  const dan = await arrive('Dan', `${cluster.url}/#${await gameOf(cleo)}`);
  await part(cleo, 'leave').click();
  await part(dan, 'join').click();
  await part(dan, 'seats').getByText('1 of 3').waitFor();
  await close(ann, ben, cleo, dan);
});

test('a rematch with a bot is one tap', async () => {
  const ann = await arrive('Ann');
  await shape(ann, { size: 3 });
  await part(ann, 'play-bot').click();
  await inState(ann, 'active');
  const first = await gameOf(ann);
  await playToTheEnd(ann);
  await part(ann, 'rematch').click();
  await inState(ann, 'active');
  assert.notEqual(await gameOf(ann), first);
  assert.equal(await botTags(ann).count(), 1);
  await playToTheEnd(ann);
  await close(ann);
});

/** Two pages that have finished a game together. */
async function overGame(): Promise<[Page, Page]> {
  const ann = await arrive('Ann');
  await shape(ann, { players: 2, size: 3 });
  await part(ann, 'create').click();
  await inState(ann, 'waiting');
  const ben = await arrive('Ben', `${cluster.url}/#${await gameOf(ann)}`);
  await part(ben, 'join').click();
  await inState(ann, 'active');
  await playToTheEnd(ann);
  await inState(ben, 'completed');
  return [ann, ben];
}

test('the first tap makes a rematch, the other player sees it and joins with one tap', async () => {
  const [ann, ben] = await overGame();
  await part(ann, 'rematch').click();
  await inState(ann, 'waiting');
  await part(ben, 'rematch-asked').getByText('Ann wants a rematch').waitFor();
  await ben.reload();
  await part(ben, 'rematch-asked').getByText('Ann wants a rematch').waitFor();
  await part(ben, 'rematch').click();
  await Promise.all([ann, ben].map((page) => inState(page, 'active')));
  assert.equal(await gameOf(ann), await gameOf(ben));
  await close(ann, ben);
});

test('two players who ask for a rematch at the same time come into one game', async () => {
  const [ann, ben] = await overGame();
  await Promise.all([ann, ben].map((page) => part(page, 'rematch').click()));
  await Promise.all([ann, ben].map((page) => inState(page, 'active')));
  assert.equal(await gameOf(ann), await gameOf(ben));
  await close(ann, ben);
});

test("players see what the watchers said after the end, and their game among the day's best", async () => {
  const ann = await arrive('Ann');
  await shape(ann, { players: 2, size: 3 });
  await part(ann, 'spectators').check();
  await part(ann, 'create').click();
  await inState(ann, 'waiting');
  const link = `${cluster.url}/#${await gameOf(ann)}`;
  const [ben, eve] = await Promise.all([arrive('Ben', link), arrive('Eve', link)]);
  await part(eve, 'watch').click();
  await part(ben, 'join').click();
  await Promise.all([ann, eve].map((page) => inState(page, 'active')));
  await part(eve, 'chat-input').fill('take the corner');
  await part(eve, 'chat-input').press('Enter');
  await part(eve, 'chat-line').getByText('take the corner').waitFor();
  await playToTheEnd(ann);
  await inState(ben, 'completed');
  for (const page of [ann, ben]) {
    await page.getByRole('region', { name: 'Watchers chat' }).getByText('take the corner').waitFor();
    await part(page, 'leader').filter({ hasText: 'Ann' }).filter({ hasText: '9 cells' }).first().waitFor();
  }
  assert.equal(await part(eve, 'rematch').count(), 0, 'a rematch is for the players');
  await assertAccessible(ann, 'a game that is over, with rematch, leaders and watchers');
  await part(ann, 'back-to-lobby').click();
  await part(ann, 'leader').filter({ hasText: 'you' }).filter({ hasText: '1 win' }).waitFor();
  await assertAccessible(ann, 'the lobby with leaders');
  await close(ann, ben, eve);
});

test('axe finds nothing in any state of a game with a bot', async () => {
  const ann = await arrive('Ann');
  await shape(ann, { players: 3, size: 3 });
  await part(ann, 'create').click();
  await part(ann, 'call-bot').waitFor();
  await assertAccessible(ann, 'a game that waits, with the offer of a bot');
  await part(ann, 'call-bot').click();
  await botTags(ann).waitFor();
  await part(ann, 'call-bot').click();
  await inState(ann, 'active');
  assert.equal(await botTags(ann).count(), 2);
  await assertAccessible(ann, 'a game with two bots');
  await close(ann);
});
