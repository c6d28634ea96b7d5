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

/** The sources of the image, by their name in `/app`; paths are relative to the repository. */
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
  /** The directory for the context, which is replaced; default: `.artifacts/image/<hash>` of the checkout. */
  readonly out?: string;
  /** The application to bundle; default: the game. */
  readonly app?: string;
  /** The value of the Dockerfile's `BASE_IMAGE`, which is part of the hash. */
  readonly baseImage?: string;
}

export interface Bundle {
  /** The build context, absolute, with its `Dockerfile`. */
  readonly context: string;
  /** 12 hex digits of a hash over everything in the image: the same sources give the same hash on every machine. */
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
  // Always at the same depth below the checkout, as the page's source maps hold the relative path to the sources.
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

/** Bundles the application, if it is the user's own, and its page. */
async function bundleApp(app: string, out: string): Promise<void> {
  const own = bundledApp({ app });
  try {
    // Built relative to its own folder, so that the result does not depend on its place.
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
 * Hashes paths and contents in order, and sets the mode that each file has in the image. The image's user must be able
 * to read it, whatever the umask of the person who builds it.
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

/** Moves the finished context to its place. A context with the same hash is the same, and stays. */
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
