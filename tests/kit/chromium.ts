import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findBinary, PART_BINARIES } from '../../infra/setup/binaries.mjs';

const run = promisify(execFile);

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface BrowserOptions {
  /**
   * The only root that the browser trusts besides the public ones. Without it, the browser trusts the store of `home`.
   */
  rootCertificate?: string;
  /** A home directory that is there already, which is not removed. */
  home?: string;
  viewport?: { width: number; height: number };
  colorScheme?: 'light' | 'dark';
}

/**
 * A Chromium with its own profile, which trusts the given root through the certificate store of that profile's home, as
 * a user's would. Close it with `close`, which removes the profile too.
 */
export async function openBrowser(options: BrowserOptions): Promise<BrowserContext> {
  const { rootCertificate, viewport, colorScheme } = options;
  const executablePath = findBinary(...PART_BINARIES.chromium);
  const certutil = findBinary('certutil');
  if (!executablePath || !certutil) {
    throw new Error('Chromium or certutil is missing: `npm test` installs both, or says how.');
  }
  const home = options.home ?? (await mkdtemp(path.join(os.tmpdir(), 'gridlock-browser-')));
  if (rootCertificate !== undefined) {
    const store = `sql:${path.join(home, '.pki', 'nssdb')}`;
    await run('mkdir', ['-p', path.join(home, '.pki', 'nssdb')]);
    await run(certutil, ['-d', store, '-N', '--empty-password']);
    await run(certutil, ['-d', store, '-A', '-t', 'C,,', '-n', 'gridlock', '-i', rootCertificate]);
  }
  const context = await chromium.launchPersistentContext(path.join(home, 'profile'), {
    executablePath,
    headless: true,
    args: FLAGS,
    env: { ...process.env, HOME: home } as Record<string, string>,
    ...(viewport ? { viewport } : {}),
    ...(colorScheme ? { colorScheme } : {}),
  });
  // Processes of Chromium may still write there for a while, and a leftover profile must not fail a test.
  context.on('close', () => {
    if (options.home !== undefined) return;
    rm(home, { recursive: true, force: true, maxRetries: 20 }).catch(() => undefined);
  });
  return context;
}

/** Runs in the page. */
const NOTE_TEXTS = `(selector) => {
  const texts = [];
  const look = () => {
    const text = document.querySelector(selector)?.textContent;
    if (text !== undefined && text !== texts.at(-1)) texts.push(text);
  };
  const all = { attributes: true, characterData: true, childList: true, subtree: true };
  new MutationObserver(look).observe(document, all);
  look();
  return texts;
}`;

/**
 * Records in the page every text that an element shows from now on: a text shown only for a moment may be gone when a
 * test looks from outside. Resolves with a function that reads the record.
 */
export async function noteTexts(page: Page, selector: string): Promise<() => Promise<string[]>> {
  const texts = await page.evaluateHandle<string[]>(`(${NOTE_TEXTS})(${JSON.stringify(selector)})`);
  return () => texts.jsonValue();
}
