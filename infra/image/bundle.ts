import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { APP_IN_IMAGE, bundledApp, inspectedApp } from '../config/app.ts';
import { ConfigError } from '../config/config.ts';
import { writePage } from './app-page.ts';
import { compile } from './compile.ts';

/** The base of the image where the configuration names no other. */
export const BASE_IMAGE = 'node:24-bookworm-slim';

const ROOT = path.resolve(import.meta.dirname, '../..');
const DOCKERFILE = path.join(import.meta.dirname, 'Dockerfile');

/** What the image is made of, by the name it has in `/app`; paths are relative to the repository. */
export interface Sources {
  /** `main` -> `services/server/main.ts`: bundled into `/app/main.mjs`. */
  readonly entryPoints: Readonly<Record<string, string>>;
  /** Files the bundled code reads at run time, kept at the same path below `/app`. */
  readonly assets: readonly string[];
}

const ENTRY_POINTS = {
  main: 'services/server/main.ts',
  'edge-agent': 'infra/edge/agent/main.ts',
};

/** Finds the sources in a checkout. */
export function findSources(root: string): Sources {
  const present = Object.entries(ENTRY_POINTS).filter(([, file]) => existsSync(path.join(root, file)));
  return {
    entryPoints: Object.fromEntries(present),
    assets: globSync(['services/server/**/*.lua', 'services/server/api/openapi.json'], { cwd: root })
      .map((file) => file.replaceAll('\\', '/'))
      .sort(),
  };
}

export interface BundleOptions {
  /** The checkout; default: this one. */
  readonly root?: string;
  /** Where the context is written, replacing what is there; default: `.artifacts/image/<hash>` of the checkout. */
  readonly out?: string;
  /** What is played; default: the game. */
  readonly app?: string;
  /** What the Dockerfile's `BASE_IMAGE` will be: part of the hash. */
  readonly baseImage?: string;
}

export interface Bundle {
  /** The build context, absolute, with its `Dockerfile`. */
  readonly context: string;
  /** 12 hex digits over everything the image is made of: the same sources give the same, anywhere. */
  readonly hash: string;
}

/**
 * Writes the build context of the image: our programs and the application bundled, its page, and the files they read.
 * @throws esbuild's `BuildFailure` when a source of ours does not compile, ConfigError when one of the application
 *   does not
 */
export async function bundle(options: BundleOptions = {}): Promise<Bundle> {
  const { root = ROOT, out, app: played = 'grid', baseImage = BASE_IMAGE } = options;
  const artifacts = path.join(root, '.artifacts', 'image');
  await mkdir(artifacts, { recursive: true });
  // Always as deep below the checkout: the page's source maps tell the way to the sources.
  const building = await mkdtemp(path.join(artifacts, 'building-'));
  try {
    const app = path.join(building, 'app');
    const sources = findSources(root);
    await compile(root, sources.entryPoints, app);
    await bundleApp(played, app);
    for (const asset of sources.assets) await copy(path.join(root, asset), path.join(app, asset));
    await copyFile(DOCKERFILE, path.join(building, 'Dockerfile'));
    const hash = await hashTree(building, baseImage);
    const context = out === undefined ? path.join(artifacts, hash) : path.resolve(out);
    await publish(building, context, out !== undefined);
    return { context, hash };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

/** The application where it is one of the user's, and its page. */
async function bundleApp(app: string, out: string): Promise<void> {
  const own = bundledApp({ app });
  try {
    // Seen from its own folder, so that it is the same wherever that is.
    if (own !== undefined) {
      const name = path.basename(APP_IN_IMAGE, '.mjs');
      await compile(path.dirname(own), { [name]: path.basename(own) }, out);
    }
    await writePage(path.join(out, 'web'), inspectedApp({ app }));
  } catch (error) {
    if (own === undefined || !(error instanceof Error) || !('errors' in error)) throw error;
    throw new ConfigError(`The application ${own} cannot be bundled into the image: ${error.message}`);
  }
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await copyFile(from, to);
}

/**
 * Hashes paths and contents in order, and gives every file the mode it shall have in the image: its user is another
 * than who builds it, whatever that one's umask is.
 */
async function hashTree(directory: string, baseImage: string): Promise<string> {
  const hash = createHash('sha256').update(`${baseImage}\0`);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files: string[] = [];
  await chmod(directory, 0o755);
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    await chmod(file, entry.isDirectory() ? 0o755 : 0o644);
    if (!entry.isDirectory()) files.push(path.relative(directory, file).replaceAll('\\', '/'));
  }
  for (const file of files.sort()) {
    const content = await readFile(path.join(directory, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Moves the finished context to its place; one named by its hash that is there already is the same. */
async function publish(building: string, context: string, replace: boolean): Promise<void> {
  if (replace) {
    await rm(context, { recursive: true, force: true });
    await cp(building, context, { recursive: true });
    return;
  }
  await rename(building, context).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

if (import.meta.main) {
  const { context, hash } = await bundle();
  process.stdout.write(`${hash} ${context}\n`);
}
