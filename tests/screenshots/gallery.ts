import path from 'node:path';
import type { Page } from 'playwright-core';
import { capture, type Grid, grid } from '../../services/apps/grid/grid.ts';
import type { GridlockClient } from '../../services/client/index.ts';
import { createClient } from '../../services/client/node.ts';
import { connected, create, fill, part } from '../kit/game-page.ts';
import { until } from '../kit/wait.ts';
import { Recording } from './recording.ts';

/** Where the pictures are taken. */
export interface Studio {
  readonly url: string;
  readonly operationsUrl: string;
  /** The keys of operators. */
  readonly operatorKeysFile: string;
  readonly rootPem: string;
  /** Where the pictures go. */
  readonly directory: string;
  openPage(look?: Look): Promise<Page>;
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

const NAMES = ['Grace', 'Edsger', 'Radia'] as const;
const PHONE = { width: 390, height: 844 } as const;
const STAGE = { width: 980, height: 820 } as const;
const FRAMES_IN_THE_AIR = 36;
/** A trial ends within a minute, or reports that it did not. */
const TRIAL_MS = 90_000;
const SETTINGS = { players: 4, size: 9, seconds: 300 } as const;
/** The cells of a game in the order in which they are taken, with clusters as people make them. */
const cellsInOrder = (size: number): number[] =>
  Array.from({ length: size * size }, (_, cell) => cell).sort((a, b) => weight(a, size) - weight(b, size));

function weight(cell: number, size: number): number {
  const [x, y] = [cell % size, Math.floor(cell / size)];
  return ((x * 7 + y * 11 + x * y * 3) % 17) + Math.hypot(x - size / 2, y - size / 2) / 3;
}

/** Players of a game besides the page. */
class Company {
  readonly players: GridlockClient<Grid>[];

  constructor({ url, rootPem }: Pick<Studio, 'url' | 'rootPem'>, names: readonly string[]) {
    this.players = names.map((name) => createClient({ room: grid, url, ca: rootPem, name }));
  }

  async join(code: string): Promise<void> {
    for (const player of this.players) {
      await player.connect();
      await player.join(code);
      await player.subscribe(code);
      await player.subscribe(`cursors:${code}`);
    }
  }

  /** Captures cells in turn, except those of the page, and chats as people do. */
  async play(code: string, cells: readonly number[]): Promise<void> {
    for (const [index, cell] of cells.entries()) {
      await this.players[index % this.players.length]!.send(code, capture(cell)).catch(() => undefined);
    }
  }

  say(code: string, player: number, text: string): Promise<unknown> {
    return this.players[player]!.publish(code, { text });
  }

  point(code: string, player: number, cell: number): Promise<unknown> {
    return this.players[player]!.publish(`cursors:${code}`, { cell });
  }

  close(): void {
    for (const player of this.players) player.close();
  }
}

async function arrive(studio: Studio, look: Look = {}): Promise<Page> {
  const page = await studio.openPage(look);
  await page.goto(studio.url);
  await connected(page);
  await fill(page, 'name', 'Ada');
  await part(page, 'presence').getByText('Ada (you)').waitFor();
  return page;
}

const save = (studio: Studio, page: Page, name: string, { fullPage = false } = {}) =>
  page.screenshot({ path: path.join(studio.directory, `${name}.png`), animations: 'disabled', fullPage });

/** The lobby, with a few people in it. */
export async function lobby(studio: Studio): Promise<void> {
  const company = new Company(studio, NAMES);
  for (const player of company.players) {
    await player.connect();
    await player.subscribe('lobby');
  }
  await company.players[0]!.publish('lobby', { text: 'Anyone for a quick one?' });
  await company.players[1]!.publish('lobby', { text: 'On my way.' });
  const page = await arrive(studio);
  await part(page, 'chat-line').nth(1).waitFor();
  await part(page, 'presence').getByText('4 here').waitFor();
  await save(studio, page, 'lobby');
  await page.setViewportSize(PHONE);
  await save(studio, page, 'phone-lobby');
  company.close();
  await page.close();
}

/** A game from its invitation to the middle: on a laptop, in the dark, and on a phone. */
export async function board(studio: Studio): Promise<void> {
  const company = new Company(studio, NAMES);
  const page = await arrive(studio);
  const code = await create(page, SETTINGS);
  await save(studio, page, 'invitation');
  await company.join(code);
  await page.locator('[data-testid=board][data-status=active]').waitFor();
  const cells = cellsInOrder(SETTINGS.size);
  for (const cell of cells.slice(0, 12)) await part(page, `cell-${cell}`).click();
  await company.play(code, cells.slice(12, 46));
  await company.say(code, 0, 'That corner is mine!');
  await company.say(code, 1, 'We will see about that.');
  await part(page, 'chat-line').nth(1).waitFor();
  await until(
    async () => (await page.locator('.cell.held').count()) === 46,
    'the cells of all players are on the page',
  );
  for (const [player, cell] of [cells[50]!, cells[58]!].entries()) await company.point(code, player, cell);
  await part(page, 'cursor').nth(1).waitFor();
  await save(studio, page, 'board');
  await page.emulateMedia({ colorScheme: 'dark' });
  await save(studio, page, 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE);
  await page.evaluate('scrollTo(0, 0)');
  await save(studio, page, 'phone');
  company.close();
  await page.close();
}

/** The end of a game, as its winner sees it. */
export async function winner(studio: Studio): Promise<void> {
  const company = new Company(studio, NAMES.slice(0, 1));
  const page = await arrive(studio);
  const code = await create(page, { players: 2, size: 7, seconds: 300 });
  await company.join(code);
  await page.locator('[data-testid=board][data-status=active]').waitFor();
  const cells = cellsInOrder(7);
  await company.play(
    code,
    cells.filter((_, index) => index % 3 === 0),
  );
  for (const cell of cells.filter((_, index) => index % 3 !== 0)) await part(page, `cell-${cell}`).click();
  await part(page, 'confetti').waitFor();
  // The places of the scraps are random, but they are in the air by then.
  await page.evaluate(`new Promise((resolve) => {
    const count = (frames) => (frames === 0 ? resolve() : requestAnimationFrame(() => count(frames - 1)));
    count(${FRAMES_IN_THE_AIR});
  })`);
  await page.screenshot({ path: path.join(studio.directory, 'winner.png') });
  company.close();
  await page.close();
}

/** What a player notices when the replica of the page is killed, and then the edge restarts. */
export async function breakIt(studio: Studio): Promise<void> {
  const company = new Company(studio, NAMES.slice(0, 1));
  const page = await arrive(studio);
  const code = await create(page, { players: 2, size: 9, seconds: 300 });
  await company.join(code);
  await page.locator('[data-testid=board][data-status=active]').waitFor();
  const cells = cellsInOrder(9);
  for (const [round, target] of ['replica', 'edge'].entries()) {
    const mine = cells.slice(round * 20, round * 20 + 8);
    for (const cell of mine) await part(page, `cell-${cell}`).click();
    await part(page, `break-${target}`).click();
    await company.play(code, cells.slice(round * 20 + 8, round * 20 + 18));
    await page.locator(`[data-testid=trial][data-target=${target}][data-state=over]`).waitFor({ timeout: TRIAL_MS });
  }
  await part(page, 'presence').getByText('2 here').waitFor();
  await page.locator('h1').hover();
  await save(studio, page, 'break-it', { fullPage: true });
  company.close();
  await page.close();
}

/** A moving picture: a game of two in which the replica of the page is killed, and both play on. */
export async function survives(studio: Studio): Promise<void> {
  const company = new Company(studio, NAMES.slice(0, 1));
  const page = await arrive(studio, STAGE);
  const code = await create(page, { players: 2, size: 9, seconds: 300 });
  await company.join(code);
  await page.locator('[data-testid=board][data-status=active]').waitFor();
  await part(page, 'break-replica').scrollIntoViewIfNeeded();
  const cells = cellsInOrder(9);
  const take = async (begin: number, end: number) => {
    for (const [index, cell] of cells.slice(begin, end).entries()) {
      if (index % 2 === 0) await part(page, `cell-${cell}`).click();
      else await company.play(code, [cell]);
    }
  };
  const recording = new Recording(page);
  await take(0, 20);
  await part(page, 'break-replica').hover();
  await part(page, 'break-replica').click();
  await take(20, 50);
  await page.locator('[data-testid=trial][data-target=replica][data-state=over]').waitFor({ timeout: TRIAL_MS });
  await take(50, 60);
  await recording.save(path.join(studio.directory, 'survives.webp'));
  company.close();
  await page.close();
}
