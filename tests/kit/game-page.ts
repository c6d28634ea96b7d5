import type { Locator, Page } from 'playwright-core';

/** What a test does and waits for on the page of the game. */
export const part = (page: Page, id: string): Locator => page.getByTestId(id);

/** Resolves when the page is connected. */
export const connected = (page: Page): Promise<void> =>
  part(page, 'connection-state').and(page.locator('[data-state=open]')).waitFor();

/** Resolves when the game on the page is `waiting`, `active` or `completed`. */
export const inState = (page: Page, status: string): Promise<void> =>
  page.locator(`[data-testid=board][data-status=${status}]`).waitFor();

/** Resolves when a player holds the cell. */
export const held = (page: Page, cell: number): Promise<void> =>
  page.locator(`[data-testid=cell-${cell}]:not([data-seat="-1"])`).waitFor();

export async function fill(page: Page, id: string, value: string | number): Promise<void> {
  await part(page, id).fill(String(value));
  await part(page, id).blur();
}

/** The settings of the next game that the page makes: players, size, seconds. */
export async function shape(page: Page, settings: object): Promise<void> {
  for (const [id, value] of Object.entries(settings)) await fill(page, id, value);
}

/** Makes a game and returns its code. */
export async function create(page: Page, settings: object): Promise<string> {
  await shape(page, settings);
  await part(page, 'create').click();
  return (await part(page, 'game-code').first().innerText()).trim();
}

const problems = new WeakMap<Page, string[]>();

/** Records the errors of the page from now on. */
export function noteProblems(page: Page): void {
  const noted: string[] = [];
  problems.set(page, noted);
  page.on('pageerror', (error) => noted.push(error.message));
  page.on('console', (message) => message.type() === 'error' && noted.push(message.text()));
}

export const problemsOf = (page: Page): readonly string[] => problems.get(page) ?? [];
