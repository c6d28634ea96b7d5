import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { writePage } from '../image/app-page.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BUILDS = path.join(ROOT, '.artifacts', 'page');
/** The sources of the page; the lockfile stands for the libraries. */
export const PAGE_SOURCES = [
  'services/web/**/*',
  'services/client/**/*',
  'services/protocol/**/*',
  'services/apps/**/*',
  'package-lock.json',
];

/**
 * A name for the state of the sources, including the application's. It changes when a file changes, appears or
 * disappears.
 */
function fingerprint(app: string | undefined): string {
  const hash = createHash('sha256').update(app ?? '');
  const own = app === undefined ? [] : globSync('**/*', { cwd: path.dirname(app), exclude: ['**/node_modules/**'] });
  const files = [
    ...globSync(PAGE_SOURCES, { cwd: ROOT }).map((file) => path.join(ROOT, file)),
    ...own.map((file) => path.join(path.dirname(app!), file)),
  ];
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(file);
    if (!/\.test\.tsx?$/.test(file)) hash.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Makes a directory appear with all that `fill` writes into it, or not at all. */
async function publish(directory: string, fill: (temporary: string) => Promise<void> | void): Promise<void> {
  mkdirSync(path.dirname(directory), { recursive: true });
  const temporary = `${directory}.${process.pid}.tmp`;
  try {
    await fill(temporary);
    renameSync(temporary, directory);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another start may have published the same page in the meantime.
    if (!existsSync(directory)) throw error;
  }
}

/** The page that a run serves: its own copy, which no installation and no other checkout changes. */
export class Page {
  readonly directory: string;
  readonly #build: string;
  readonly #app: string | undefined;

  /**
   * @param directory The parent of the copies; each is in a directory named after the state of its sources.
   * @param app The file of another application than the game: its page is its folder `web`, or the inspector.
   */
  constructor(directory: string, app?: string) {
    this.#app = app;
    const name = fingerprint(app);
    this.directory = path.join(directory, name);
    this.#build = path.join(BUILDS, name);
  }

  /** Resolves when the copy is there; its result says whether the page had to be built. */
  async ensure(): Promise<{ built: boolean }> {
    if (existsSync(this.directory)) return { built: false };
    const built = !existsSync(this.#build);
    if (built) {
      await publish(this.#build, (temporary) => writePage(temporary, this.#app));
    }
    await publish(this.directory, (temporary) => cpSync(this.#build, temporary, { recursive: true }));
    return { built };
  }

  /** Removes the copies of earlier runs. */
  removeOthers(): void {
    const [parent, name] = [path.dirname(this.directory), path.basename(this.directory)];
    for (const other of readdirSync(parent)) {
      if (other !== name) rmSync(path.join(parent, other), { recursive: true, force: true });
    }
  }
}
