// The report of a load run in Chromium, as a standalone file.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { ensureChain } from '../certs/index.ts';
import { TICK } from '../loadtest/k6/plan.ts';
import { UsageSampler } from '../loadtest/kit/usage-sampler.ts';
import { summarise } from '../loadtest/load/summary.ts';
import { Timeline } from '../loadtest/load/timeline.ts';
import { reportPage } from '../loadtest/report/page.ts';
import { assertAccessible } from './kit/axe.ts';
import { openBrowser } from './kit/chromium.ts';
import { until } from './kit/wait.ts';

const ARTEFACTS = path.resolve(import.meta.dirname, '../.artifacts');
const SECONDS = 120;

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-report-'));
const problems: string[] = [];
let browser: BrowserContext;
let page: Page;

before(async () => {
  mkdirSync(ARTEFACTS, { recursive: true });
  const { rootPath } = await ensureChain({
    dir: path.join(directory, 'pki'),
    dnsNames: ['localhost'],
    ipAddresses: [],
  });
  const file = path.join(directory, 'report.html');
  writeFileSync(file, await reportPage(summary(), undefined));
  browser = await openBrowser({
    rootCertificate: rootPath,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
  });
  page = await browser.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  await page.goto(pathToFileURL(file).href);
});

after(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Two minutes on two replicas, of which one is killed; sockets rise from 4 on, one a second. */
function summary() {
  const timeline = new Timeline();
  for (let second = 0; second < SECONDS; second += 1) {
    const open = 4 + second;
    const isAway = second >= 60 && second < 70;
    const curves = { move: { 5: 3, 40: 1 }, lag: { 2: 3 }, ...(second === 63 ? { resume: { 60: 2 } } : {}) };
    const tick = {
      ...{ vu: 1, second, open, counts: { acked_moves: 3, deliveries: 12 }, closes: {}, curves },
      replicas: isAway ? { 1111: open } : { 1111: open / 2, 2222: open / 2 },
    };
    timeline.take(TICK + JSON.stringify(tick));
  }
  return summarise({
    ...{ scenario: 'failover', target: 'own', startedAt: '2026-01-02T03:04:05.000Z', seconds: SECONDS, sockets: 124 },
    ...{ vus: 1, k6: '1.8.1', timeline, usage: new UsageSampler(async () => ({})), said: [] },
    marks: [
      { at: 60, text: 'a replica killed' },
      { at: 70, text: 'it is back' },
    ],
    thresholds: [
      { name: 'gaps count==0', passed: true, value: '0' },
      { name: 'move_round_trip_ms p(99)<20', passed: false, value: '41' },
    ],
  });
}

const figure = (title: string) =>
  page.locator('figure').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
const shownValue = (title: string, label: string) =>
  figure(title).locator('.u-series').filter({ hasText: label }).locator('.u-value').innerText();
const screenshot = (name: string) =>
  page.screenshot({ path: path.join(ARTEFACTS, `report-${name}.png`), fullPage: true });

test('every curve is drawn, and what was not measured says so', async () => {
  assert.equal(await page.locator('figure canvas').count(), await page.locator('figure.chart').count());
  assert.ok((await page.locator('figure.chart').count()) >= 5);
  await figure('Handshakes').getByText('Nothing was measured.').waitFor();
  const ink = await figure('Connections')
    .locator('canvas')
    .evaluate((canvas: any) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      // The blue of the line, and not the grey of the grid.
      return data.filter(
        (blue: number, at: number) => at % 4 === 2 && blue > 150 && data[at - 2] < 100 && data[at + 1] > 200,
      ).length as number;
    });
  assert.ok(ink > 200, `${ink} pixels of the line`);
});

test('pointing at a curve shows the values of that second, in all curves', async () => {
  const plot = figure('Connections').locator('.u-over');
  const { x, y, width, height } = (await plot.boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  assert.match(await shownValue('Connections', 'Time'), /^(0:59|1:00)$/);
  assert.match(await shownValue('Connections', 'open'), /^(63|64)$/);
  assert.match(await shownValue('Move round trip', 'Time'), /^(0:59|1:00)$/);
  assert.equal(await shownValue('Move round trip', 'p50'), '5 ms');
  await screenshot('hover');
});

test('the check that failed is open, those that hold are folded', async () => {
  await page.getByText('move_round_trip_ms p(99)<20').waitFor();
  const held = page.getByText('gaps count==0');
  assert.equal(await held.isVisible(), false);
  await page.getByText('1 check holds').click();
  await held.waitFor();
});

test('it is complete on a phone and in dark mode, and axe finds nothing', async () => {
  await assertAccessible(page, 'the report');
  await screenshot('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await assertAccessible(page, 'the report in the dark');
  await screenshot('dark');
  await page.setViewportSize({ width: 390, height: 844 });
  const isNarrow = () =>
    page.evaluate<boolean>('document.querySelector("figure canvas").getBoundingClientRect().width < 390');
  await until(isNarrow, 'the charts fit');
  const widest = await page.evaluate<number>('document.documentElement.scrollWidth');
  assert.ok(widest <= 390, `it is ${widest} px wide`);
  await assertAccessible(page, 'the report on a phone');
  await screenshot('phone');
});

test('nothing went wrong in the page, and it asked for nothing else', () => {
  assert.deepEqual(problems, []);
});
