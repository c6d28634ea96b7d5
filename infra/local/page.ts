import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'gridlock', 'page');
const SOURCES = ['services/web/**/*', 'services/client/**/*', 'services/protocol/**/*', 'package-lock.json'];

/** A name for the state of the sources: changes when a file does, comes or goes. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of globSync(SOURCES, { cwd: ROOT }).sort()) {
    const { mtimeMs, size } = statSync(path.join(ROOT, file));
    if (!/\.test\.tsx?$/.test(file)) hash.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** The built page's directory; builds it when the sources changed since the last time. */
export async function ensurePage(): Promise<{ directory: string; built: boolean }> {
  const directory = path.join(CACHE, fingerprint());
  if (existsSync(directory)) return { directory, built: false };
  const { buildPage } = await import('../../services/web/build.ts');
  mkdirSync(CACHE, { recursive: true });
  const temporary = `${directory}.${process.pid}.tmp`;
  try {
    await buildPage(temporary);
    renameSync(temporary, directory);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another start may have built the same page meanwhile.
    if (!existsSync(directory)) throw error;
  }
  return { directory, built: true };
}
