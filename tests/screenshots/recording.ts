import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { UsageError } from '../../infra/usage-error.ts';

/** Length of a frame, in milliseconds. */
const FRAME_MS = 120;
/** The last frame stays this long before the recording begins again. */
const LAST_MS = 3000;
const QUALITY = 65;

const ENCODER = 'img2webp';

/** @throws UsageError without the encoder, which the set-up does not install */
function checkEncoder(): void {
  try {
    execFileSync(ENCODER, ['-version'], { stdio: 'ignore' });
  } catch {
    throw new UsageError(
      `The recording needs ${ENCODER}: install it with "apt-get install webp" or "brew install webp".`,
    );
  }
}

/** A moving picture of a page: a frame at a time until it is stopped, then an animated WebP. */
export class Recording {
  readonly #page: Page;
  readonly #directory: string;
  readonly #frames: { readonly file: string; readonly at: number }[] = [];
  #isRunning = true;
  readonly #ended: Promise<void>;

  constructor(page: Page) {
    checkEncoder();
    this.#page = page;
    this.#directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-recording-'));
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      const at = performance.now();
      const file = path.join(this.#directory, `${String(this.#frames.length).padStart(4, '0')}.png`);
      await this.#page.screenshot({ path: file });
      this.#frames.push({ file, at });
      // The rate of a film, not a wait for something to happen.
      await delay(Math.max(0, at + FRAME_MS - performance.now()));
    }
  }

  /** Ends the recording and writes it. Each frame is shown for as long as it took to the next one. */
  async save(file: string): Promise<void> {
    this.#isRunning = false;
    await this.#ended;
    const frames = this.#frames.flatMap(({ file: frame, at }, index) => {
      const next = this.#frames[index + 1];
      return ['-d', String(next === undefined ? LAST_MS : Math.round(next.at - at)), frame];
    });
    execFileSync(ENCODER, ['-loop', '0', '-lossy', '-q', String(QUALITY), '-m', '6', ...frames, '-o', file], {
      stdio: 'ignore',
    });
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
