import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { load } from '../../loadtest/load/run.ts';
import { capture, type Grid, grid } from '../../services/apps/grid/grid.ts';
import type { GridlockClient } from '../../services/client/index.ts';
import { createClient } from '../../services/client/node.ts';
import type { Studio } from './gallery.ts';

const PAIRS = 6;
const PACE_MS = 90;
/** The page gets its figures once a second; this many make a curve worth looking at. */
const FRAMES = 60;
const FAILOVER = { sockets: 200, duration: 90 } as const;
const NARROW = { width: 400, height: 860 } as const;

/** Two players, in one game after the other until the signal. */
async function play(one: GridlockClient<Grid>, two: GridlockClient<Grid>, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    const room = await one.create({ players: 2, size: 8, seconds: 60, spectators: true });
    await two.join(room.code);
    for (let cell = 0; cell < 64 && !end.aborted; cell += 1) {
      const pause = new Promise((resolve) => setTimeout(resolve, PACE_MS));
      await (cell % 2 === 0 ? one : two).send(room.code, capture(cell)).catch(() => undefined);
      await pause;
    }
  }
}

/** Signs in with the key of an operator, so that the page lists rooms and connections and shows its buttons. */
async function signIn(page: Page, keysFile: string): Promise<void> {
  const key = readFileSync(keysFile, 'utf8').trim().split(':')[1]!;
  await page.getByRole('button', { name: 'Sign in to act' }).click();
  await page.getByLabel('Key of an operator').fill(key);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByTestId('operator').waitFor();
}

/** The operations page over a minute of play, as an operator sees it, and a room. */
export async function operations(studio: Studio): Promise<void> {
  const { url, rootPem, operationsUrl, operatorKeysFile, directory, openPage } = studio;
  const players = Array.from({ length: 2 * PAIRS }, (_, index) =>
    createClient({ room: grid, url, ca: rootPem, name: `Player ${index + 1}` }),
  );
  await Promise.all(players.map((player) => player.connect()));
  const end = new AbortController();
  const games = Array.from({ length: PAIRS }, (_, pair) =>
    play(players[2 * pair]!, players[2 * pair + 1]!, end.signal),
  );
  const page = await openPage();
  const seen = new Promise<void>((resolve) => {
    let frames = 0;
    page.on('websocket', (socket) => socket.on('framereceived', () => (frames += 1) === FRAMES && resolve()));
  });
  await page.goto(operationsUrl);
  await seen;
  await signIn(page, operatorKeysFile);
  const rooms = page.getByTestId('rooms').locator('tbody button');
  await rooms.nth(PAIRS - 1).waitFor();
  await page.getByTestId('connections').locator('tbody tr').nth(PAIRS).waitFor();
  await page.screenshot({ path: path.join(directory, 'operations.png'), fullPage: true });
  await rooms.first().click();
  await page.getByTestId('room-history').getByText('captured').first().waitFor();
  await page.screenshot({ path: path.join(directory, 'operations-room.png') });
  end.abort();
  await Promise.allSettled(games);
  for (const player of players) player.close();
  await page.close();
}

/** The report of a failover run, from its head, in the dark and on a phone. */
export async function report({ directory, openPage }: Studio): Promise<void> {
  const out = mkdtempSync(path.join(os.tmpdir(), 'gridlock-report-'));
  try {
    const exitCode = await load('failover', { ...FAILOVER, out });
    if (exitCode !== 0) console.error('The run did not pass all checks: run it again on a machine that is less busy.');
    const page = await openPage();
    await page.goto(pathToFileURL(path.join(out, 'report.html')).href);
    await page.screenshot({ path: path.join(directory, 'load-report.png') });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.reload();
    await page.evaluate('scrollTo(0, 500)');
    await page.screenshot({ path: path.join(directory, 'load-curves.png') });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(NARROW);
    await page.evaluate('scrollTo(0, 0)');
    await page.screenshot({ path: path.join(directory, 'load-narrow.png') });
    await page.close();
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
