import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
};

/** File names that the build gives: nothing in them leads out of the directory. */
const NAME = /^(index\.html|favicon\.svg|assets\/[A-Za-z0-9_-]+(\.[a-z]+){1,2})$/;

export interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
  readonly cache: string;
}

/** A file of a built page by its path below the page's own; undefined when there is none. */
export async function staticFile(directory: string, path: string): Promise<StaticFile | undefined> {
  const name = path === '' ? 'index.html' : path;
  if (!NAME.test(name)) return undefined;
  try {
    const body = await readFile(join(directory, name));
    const cache = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    return { body, type: TYPES[extname(name)] ?? 'application/octet-stream', cache };
  } catch {
    return undefined;
  }
}
