import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export const localNames = { dnsNames: ['localhost', 'game.test'], ipAddresses: ['127.0.0.1', '::1'] };

export const DAY_MS = 24 * 60 * 60 * 1000;

export function later(ms: number, from = new Date()): Date {
  return new Date(from.getTime() + ms);
}

/** An empty directory that is removed when the test is over. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'gridlock-certs-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Name to content of every file in a flat directory. */
export function contents(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  );
}
