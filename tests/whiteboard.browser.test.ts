import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { openBrowser } from './kit/chromium.ts';
import { until } from './kit/wait.ts';

const PICTURES = path.resolve(import.meta.dirname, '../.artifacts/whiteboard');

let cluster: Cluster;
let browser: BrowserContext;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  cluster = await startCluster({ replicas: 2, app: 'whiteboard' });
  const rootCertificate = path.join(cluster.stateDir, 'pki', 'root.pem');
  browser = await openBrowser({ rootCertificate, viewport: { width: 1280, height: 860 } });
});
after(async () => {
  await browser?.close();
  await cluster?.stop();
});

const board = (page: Page) => page.getByTestId('board');
/** What is drawn, as the text of its picture: the same on two pages of one size. */
const pictureOf = (page: Page) =>
  board(page).evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
const isOpen = (page: Page) => page.getByTestId('status').getByText('open').waitFor();

async function drawLine(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const { x, y, width, height } = (await board(page).boundingBox())!;
  const place = ([across, down]: readonly [number, number]) => [x + across * width, y + down * height] as const;
  await page.mouse.move(...place(from));
  await page.mouse.down();
  await page.mouse.move(...place(to), { steps: 12 });
  await page.mouse.up();
}

/** Ann's board, and Ben at it. */
async function together(): Promise<[Page, Page]> {
  const ann = await browser.newPage();
  await ann.goto(cluster.url);
  await isOpen(ann);
  await ann.waitForURL(/#[A-Z0-9]{6}$/);
  const ben = await browser.newPage();
  await ben.goto(ann.url());
  await isOpen(ben);
  await Promise.all([ann, ben].map((page) => page.getByTestId('players').getByText('2 here').waitFor()));
  return [ann, ben];
}

const same = (pages: readonly Page[], other: string, what: string) =>
  until(async () => {
    const [first, ...rest] = await Promise.all(pages.map(pictureOf));
    return first !== other && rest.every((picture) => picture === first);
  }, what);

test('two pages draw on one board and stay in step, over the death of a replica', async () => {
  const [ann, ben] = await together();
  const pages = [ann, ben];
  const empty = await pictureOf(ben);
  await drawLine(ann, [0.1, 0.2], [0.5, 0.3]);
  await same(pages, empty, 'both show the stroke of Ann');
  // Ann points where she draws.
  await ben.getByTestId('pointers').getByText(/./).waitFor();
  const one = await pictureOf(ann);
  await cluster.killReplica(1);
  await ben.getByRole('radio', { name: 'red' }).check({ force: true });
  await drawLine(ben, [0.2, 0.6], [0.8, 0.5]);
  await same(pages, one, 'both show the stroke of Ben');
  await ann.screenshot({ path: path.join(PICTURES, 'light.png') });
  await ann.emulateMedia({ colorScheme: 'dark' });
  await ann.screenshot({ path: path.join(PICTURES, 'dark.png') });
  await ann.emulateMedia({ colorScheme: 'light' });
  const two = await pictureOf(ann);
  await ann.getByText('Eraser').click();
  await drawLine(ann, [0.3, 0.1], [0.3, 0.4]);
  await same(pages, two, 'the stroke of Ann is erased for both');
  await ben.getByRole('button', { name: 'Clear' }).click();
  await until(async () => (await pictureOf(ann)) === empty, 'the board is empty');
  await Promise.all(pages.map((page) => page.close()));
  await cluster.settled();
});

test('a stroke is shown in the frame after it was drawn, before the server has answered', async () => {
  const [ann, ben] = await together();
  const before = await pictureOf(ann);
  await ann.evaluate(() => {
    const target = (globalThis as unknown as { WebSocket: { prototype: { send(data: string): void } } }).WebSocket;
    target.prototype.send = () => undefined;
  });
  await drawLine(ann, [0.1, 0.8], [0.6, 0.8]);
  await ann.evaluate(
    () =>
      new Promise<void>((resolve) => {
        (globalThis as unknown as { requestAnimationFrame(next: () => void): void }).requestAnimationFrame(() =>
          resolve(),
        );
      }),
  );
  assert.notEqual(await pictureOf(ann), before);
  assert.equal(await pictureOf(ben), before);
  await Promise.all([ann, ben].map((page) => page.close()));
});

test('the board is drawn on with the keyboard alone', async () => {
  const [ann, ben] = await together();
  const empty = await pictureOf(ben);
  await board(ann).focus();
  await ann.keyboard.press('Space');
  for (let step = 0; step < 8; step += 1) await ann.keyboard.press('ArrowRight');
  await ann.keyboard.press('Space');
  await until(async () => (await pictureOf(ben)) !== empty, 'Ben sees the line');
  await ann.keyboard.press('Delete');
  await until(async () => (await pictureOf(ben)) === empty, 'Ben sees it erased');
  await Promise.all([ann, ben].map((page) => page.close()));
});
