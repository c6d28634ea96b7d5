import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compressFiles } from './compress.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Browsers of the last two years, because the style sheets use `light-dark()`. */
const BROWSERS = ['chrome123', 'edge123', 'firefox121', 'safari17.5'];

/** A page, and its place in the build. The operations page is served only on the internal listener of a replica. */
interface Source {
  /** The directory of the page's entry points. */
  readonly root: string;
  /** Where its `index.html` is, below that. */
  readonly source: string;
  readonly directory: string;
  readonly entries: { readonly page: string; readonly styles: string };
}

const GAME: Source = {
  root: here,
  source: '',
  directory: '',
  entries: { page: 'main.tsx', styles: 'styles/page.css' },
};
const INSPECTOR: Source = {
  root: here,
  source: 'inspector',
  directory: '',
  entries: { page: 'inspector/main.tsx', styles: 'inspector/styles.css' },
};
const OPERATIONS: Source = {
  root: here,
  source: 'ops',
  directory: 'ops',
  entries: { page: 'ops/main.tsx', styles: 'ops/styles.css' },
};

/** The page of an application in TypeScript: `index.html`, `main.ts` and `styles.css` in its folder `web`. */
function ownPage(app: string): Source | undefined {
  const root = join(dirname(resolve(app)), 'web');
  if (!existsSync(join(root, 'main.ts'))) return undefined;
  return { root, source: '', directory: '', entries: { page: 'main.ts', styles: 'styles.css' } };
}

/** Whether the folder `web` of an application is bundled, instead of copied as it is. */
export const isBuilt = (app: string): boolean => ownPage(app) !== undefined;

export interface PageOptions {
  /**
   * The file that exports the room type of an application other than the game. Its page is its own page in TypeScript,
   * or else the inspector.
   */
  readonly app?: string | undefined;
}

/**
 * Builds the pages into `outDir`, which is emptied first: each page has `index.html` and `favicon.svg`. Everything else
 * is in `assets/`, also compressed, with a hash in its name so that browsers may cache it for ever. Nothing is inline,
 * so `default-src 'self'` is enough. Throws esbuild's `BuildFailure` when a source does not compile.
 */
export async function buildPage(outDir: string, { app }: PageOptions = {}): Promise<void> {
  const { build, stop } = await import('esbuild');
  const target = resolve(outDir);
  await rm(target, { recursive: true, force: true });
  try {
    const page = app === undefined ? GAME : (ownPage(app) ?? INSPECTOR);
    for (const { root, source, directory, entries } of [page, OPERATIONS]) {
      const pageDir = join(target, directory);
      await mkdir(pageDir, { recursive: true });
      const { metafile } = await build({
        absWorkingDir: root,
        entryPoints: { ...entries },
        ...(app === undefined ? {} : { alias: { application: resolve(app) } }),
        outdir: join(pageDir, 'assets'),
        entryNames: '[name]-[hash]',
        bundle: true,
        minify: true,
        sourcemap: 'linked',
        format: 'esm',
        target: BROWSERS,
        jsx: 'automatic',
        jsxImportSource: 'preact',
        metafile: true,
        logLevel: 'silent',
      });
      let html = await readFile(join(root, source, 'index.html'), 'utf8');
      for (const [path, output] of Object.entries(metafile.outputs)) {
        if (!output.entryPoint) continue;
        const built = relative(target, resolve(root, path));
        html = html.replaceAll(`/${output.entryPoint}`, `/${built.replaceAll('\\', '/')}`);
      }
      await writeFile(join(pageDir, 'index.html'), html);
      await copyFile(join(here, 'favicon.svg'), join(pageDir, 'favicon.svg'));
      await compressFiles(join(pageDir, 'assets'));
    }
    if (app === undefined) {
      // With npm start the supervisor answers this path. Elsewhere a replica serves this file, which says that nothing
      // may be broken.
      await mkdir(join(target, 'break'));
      await copyFile(join(here, 'break', 'status.json'), join(target, 'break', 'status.json'));
    }
  } finally {
    await stop();
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [outDir] = process.argv.slice(2);
  if (!outDir) {
    const script = basename(process.argv[1]);
    console.error(`Name the directory to build the page into: node ${script} <directory>.`);
    process.exit(2);
  }
  await buildPage(outDir);
}
