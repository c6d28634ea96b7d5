// What the page of the game shows, says and sounds like, in Chromium on a real cluster.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import decodeQr from 'qr/decode.js';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { assertAccessible } from './kit/axe.ts';
import { openBrowser } from './kit/chromium.ts';
import { connected, create, fill, held, inState, part } from './kit/game-page.ts';
import { until } from './kit/wait.ts';

/** The name that others on the network use. */
const HOST = 'play.test';
const LONG_NAMES = ['Wilhelmina Wolverhampton', 'Bartholomew Featherstone'] as const;

let cluster: Cluster;
let browser: BrowserContext;
/** The page is opened by a name of this machine. */
let here: string;

before(async () => {
  cluster = await startCluster({ host: HOST });
  here = cluster.url.replace(HOST, 'localhost');
  browser = await openBrowser({
    rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem'),
    viewport: { width: 1280, height: 800 },
  });
});

after(async () => {
  await browser?.close();
  await cluster?.stop();
});

interface Arrival {
  readonly address?: string;
  /** Runs in the page before anything else. */
  readonly first?: string;
  readonly reducedMotion?: 'reduce';
}

async function arrive(name: string, { address = here, first, reducedMotion }: Arrival = {}): Promise<Page> {
  const page = await browser.newPage();
  if (first !== undefined) await page.addInitScript(first);
  if (reducedMotion !== undefined) await page.emulateMedia({ reducedMotion });
  await page.goto(address);
  await connected(page);
  await fill(page, 'name', name);
  return page;
}

interface Match {
  readonly size?: number;
  readonly names?: readonly [string, string];
  readonly arrivals?: readonly [Arrival, Arrival];
}

async function newGame({ size = 5, names = ['Ann', 'Ben'], arrivals = [{}, {}] }: Match = {}): Promise<[Page, Page]> {
  const ann = await arrive(names[0], arrivals[0]);
  const code = await create(ann, { players: 2, size, seconds: 300 });
  const ben = await arrive(names[1], { ...arrivals[1], address: `${here}/#${code}` });
  await part(ben, 'join').click();
  await Promise.all([ann, ben].map((page) => inState(page, 'active')));
  return [ann, ben];
}

/** Ann takes every cell but the last one, which is Ben's. */
async function playToTheEnd(ann: Page, ben: Page, cells: number): Promise<void> {
  for (let cell = 0; cell < cells; cell += 1) {
    const page = cell === cells - 1 ? ben : ann;
    await part(page, `cell-${cell}`).click();
    await held(page, cell);
  }
  await Promise.all([ann, ben].map((page) => inState(page, 'completed')));
}

const close = (...pages: Page[]) => Promise.all(pages.map((page) => page.close()));

test('every way to play is above the fold of a laptop, and larger than the chat', async () => {
  const page = await arrive('Ann');
  for (const id of ['quick-match', 'create', 'join-code', 'join', 'watch', 'name']) {
    const box = await part(page, id).boundingBox();
    assert.ok(box && box.y + box.height <= 800, `${id} ends at ${box && box.y + box.height}`);
  }
  const area = async (selector: string) => {
    const box = await page.locator(selector).boundingBox();
    return box!.width * box!.height;
  };
  const ways = (await Promise.all(['.quick', '.join', '.new-game'].map(area))).reduce((sum, one) => sum + one, 0);
  assert.ok((await area('.chat')) < ways / 2, 'the chat is not the largest thing');
  await close(page);
});

test('on a phone quick match and the code are on the first screen, and no name is cut', async () => {
  const [ann, ben] = await newGame({ names: LONG_NAMES });
  await Promise.all([ann, ben].map((page) => page.setViewportSize({ width: 390, height: 844 })));
  const cut = `[...document.querySelectorAll('.player-name')].filter(
    ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => scrollWidth > clientWidth || scrollHeight > clientHeight + 1,
  ).length`;
  assert.equal(await ann.locator('.player-name').count(), 2);
  assert.equal(await ann.evaluate(cut), 0);
  await part(ben, 'leave').click();
  for (const id of ['quick-match', 'join-code', 'join']) {
    const box = await part(ben, id).boundingBox();
    assert.ok(box && box.y + box.height <= 844, `${id} ends at ${box && box.y + box.height}`);
  }
  await close(ann, ben);
});

test('the question mark opens a dialog with the keys, except where it is typed as text', async () => {
  const page = await arrive('Ann');
  await part(page, 'chat-input').press('?');
  assert.equal(await part(page, 'help-dialog').isVisible(), false);
  await page.locator('h1').click();
  await page.keyboard.press('?');
  await part(page, 'help-dialog').getByText('capture the cell').waitFor();
  await assertAccessible(page, 'the help');
  await page.keyboard.press('Escape');
  await part(page, 'help-dialog').waitFor({ state: 'hidden' });
  await part(page, 'help').click();
  await part(page, 'help-close').click();
  await part(page, 'help-dialog').waitFor({ state: 'hidden' });
  await close(page);
});

test('the arrow keys continue from the focus, also when a screen reader set it', async () => {
  const [ann, ben] = await newGame();
  await ann.evaluate(`document.querySelector('[data-testid=cell-7]').focus()`);
  await ann.locator('[data-testid=cell-7][tabindex="0"]').waitFor();
  assert.equal(await ann.locator('[role=gridcell][tabindex="0"]').count(), 1);
  await ann.keyboard.press('ArrowRight');
  await ann.locator('[data-testid=cell-8]:focus').waitFor();
  await close(ann, ben);
});

/** Records the look of a cell in the frame of a press, and delays the page's messages by 500 ms. */
const SLOW_NETWORK = `
  const send = WebSocket.prototype.send;
  const held = [];
  WebSocket.prototype.send = function (data) {
    if (!globalThis.isSlow) return send.call(this, data);
    held.push(() => send.call(this, data));
  };
  addEventListener('pointerdown', ({ target, timeStamp }) => {
    const cell = target.closest('[role=gridcell]');
    requestAnimationFrame(() => {
      globalThis.pressed = { classes: cell.className, seat: cell.dataset.seat };
      setTimeout(() => {
        globalThis.isSlow = false;
        for (const each of held) each();
      }, 500);
      const settled = () => {
        if (cell.dataset.seat === '-1') return requestAnimationFrame(settled);
        globalThis.pressed.settledAfterMs = performance.now() - timeStamp;
      };
      settled();
    });
  }, { capture: true });
`;

test('a captured cell shows in the frame of the click, however long the answer takes', async () => {
  const [ann, ben] = await newGame({ arrivals: [{ first: SLOW_NETWORK }, {}] });
  await ann.evaluate('globalThis.isSlow = true');
  await part(ann, 'cell-12').click();
  await held(ann, 12);
  // Not `waitForFunction`, which evaluates a string in the page: its policy forbids that.
  const isSettled = () => ann.evaluate<boolean>('globalThis.pressed?.settledAfterMs !== undefined');
  await until(isSettled, 'the answer is there');
  const pressed = await ann.evaluate<{ classes: string; seat: string; settledAfterMs: number }>('globalThis.pressed');
  assert.match(pressed.classes, /\bpending\b/);
  assert.match(pressed.classes, /\bseat-0\b/);
  assert.equal(pressed.seat, '-1');
  assert.ok(pressed.settledAfterMs >= 500, `the answer took ${pressed.settledAfterMs} ms`);
  await close(ann, ben);
});

const COUNT_CUES = `
  globalThis.tones = 0;
  globalThis.buzzes = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) { globalThis.tones += 1; return start.apply(this, when); };
  navigator.vibrate = (pattern) => globalThis.buzzes.push(pattern);
`;
const tones = (page: Page) => page.evaluate<number>('globalThis.tones');
const buzzes = (page: Page) => page.evaluate<number>('globalThis.buzzes.length');

test('a capture sounds and vibrates until either is turned off, which is remembered', async () => {
  const [ann, ben] = await newGame({ arrivals: [{ first: COUNT_CUES }, { first: COUNT_CUES }] });
  const before = [await tones(ann), await buzzes(ann)] as const;
  await part(ann, 'cell-0').click();
  await held(ann, 0);
  assert.ok((await tones(ann)) > before[0], 'it sounds');
  assert.ok((await buzzes(ann)) > before[1], 'it vibrates');

  await part(ann, 'sound').click();
  await part(ann, 'help').click();
  await part(ann, 'switch-vibration').uncheck();
  await part(ann, 'help-close').click();
  await ann.reload();
  await inState(ann, 'active');
  assert.equal(await part(ann, 'sound').getAttribute('aria-pressed'), 'false');
  await part(ann, 'cell-1').click();
  await held(ann, 1);
  assert.deepEqual([await tones(ann), await buzzes(ann)], [0, 0]);
  await part(ann, 'sound').click();
  await part(ann, 'help').click();
  await part(ann, 'switch-vibration').check();
  await close(ann, ben);
});

test('nothing vibrates for a player who wants less motion', async () => {
  const [ann, ben] = await newGame({ arrivals: [{ first: COUNT_CUES, reducedMotion: 'reduce' }, {}] });
  await part(ann, 'cell-0').click();
  await held(ann, 0);
  assert.equal(await buzzes(ann), 0);
  await close(ann, ben);
});

test('the winner gets confetti, which disappears by itself; the loser gets none', async () => {
  const [ann, ben] = await newGame({ size: 3 });
  await playToTheEnd(ann, ben, 9);
  await part(ann, 'confetti').waitFor();
  assert.equal(await part(ben, 'confetti').count(), 0);
  await part(ann, 'confetti').waitFor({ state: 'detached' });
  await ann.reload();
  await inState(ann, 'completed').catch(() => undefined);
  assert.equal(await part(ann, 'confetti').count(), 0);
  await close(ann, ben);
});

test('there is no confetti for a winner who wants less motion', async () => {
  const [ann, ben] = await newGame({ size: 3, arrivals: [{ reducedMotion: 'reduce' }, {}] });
  await playToTheEnd(ann, ben, 9);
  await ann.getByRole('heading', { name: 'You won' }).waitFor();
  assert.equal(await part(ann, 'confetti').count(), 0);
  await close(ann, ben);
});

const cursor = (page: Page, cell: number) => page.locator(`[data-testid=cursor][data-cell="${cell}"]`);

test('players see the cursors of the others, moved by mouse or keyboard, and not their own', async () => {
  const [ann, ben] = await newGame();
  await part(ann, 'cell-12').hover();
  await cursor(ben, 12).and(ben.locator('[data-seat="0"]')).waitFor();
  assert.equal(await part(ann, 'cursor').and(ann.locator('[data-seat="0"]')).count(), 0);
  await part(ann, 'cell-13').hover();
  await cursor(ben, 13).waitFor();
  assert.equal(await part(ben, 'cursor').count(), 1);
  await ann.locator('h1').hover();
  await part(ben, 'cursor').waitFor({ state: 'detached' });
  await part(ben, 'cell-3').focus();
  await cursor(ann, 3).waitFor();
  await ben.keyboard.press('ArrowDown');
  await cursor(ann, 8).waitFor();
  await assertAccessible(ann, 'a board with the cursor of another player');
  await close(ann, ben);
});

/** The pixels of a picture, by the browser's own decoder. */
async function pixels(page: Page, png: Buffer): Promise<{ width: number; height: number; data: Uint8Array }> {
  const { width, height, base64 } = await page.evaluate<{
    width: number;
    height: number;
    base64: string;
  }>(`(async () => {
    const image = Object.assign(new Image(), { src: 'data:image/png;base64,${png.toString('base64')}' });
    await image.decode();
    const { width, height } = image;
    const pen = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    pen.drawImage(image, 0, 0);
    const bytes = pen.getImageData(0, 0, width, height).data;
    return { width, height, base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
  })()`);
  return { width, height, data: Buffer.from(base64, 'base64') };
}

test('an invitation has the address that others reach, as a link, as a QR code and for the share sheet', async () => {
  const share = 'navigator.share = async (data) => { globalThis.shared = data; };';
  const page = await arrive('Ann', { first: share });
  const code = await create(page, { players: 2 });
  const link = `${cluster.url}/#${code}`;
  assert.ok(link.startsWith(`https://${HOST}:`));
  await part(page, 'game-link')
    .and(page.locator(`[href="${link}"]`))
    .waitFor();
  assert.equal(await part(page, 'only-here').count(), 0);
  await part(page, 'share-link').click();
  assert.equal((await page.evaluate<{ url: string }>('globalThis.shared')).url, link);
  await assertAccessible(page, 'an invitation');

  assert.equal(decodeQr(await pixels(page, await part(page, 'qr-code').screenshot())), link);
  await close(page);
});

test('the page arrives compressed by brotli', async () => {
  const page = await browser.newPage();
  const loads: { bytes: number; encoding: string | undefined }[] = [];
  page.on('requestfinished', async (request) => {
    if (!/\/assets\/.*\.(js|css)$/.test(request.url())) return;
    const response = await request.response();
    const { responseBodySize: bytes } = await request.sizes();
    loads.push({ bytes, encoding: response?.headers()['content-encoding'] });
  });
  await page.goto(here);
  await until(() => loads.length === 2, 'script and style sheet are here');
  assert.deepEqual(
    loads.map(({ encoding }) => encoding),
    ['br', 'br'],
  );
  assert.ok(loads.reduce((sum, { bytes }) => sum + bytes, 0) < 60 * 1024, JSON.stringify(loads));
  await close(page);
});
