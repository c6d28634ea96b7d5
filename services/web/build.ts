import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compressFiles } from './compress.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Browsers of the last two years: what `light-dark()` in the style sheets asks for. */
const BROWSERS = ['chrome123', 'edge123', 'firefox121', 'safari17.5'];

/** A page, and where it is in the build: the operations page is served on the internal listener of a replica alone. */
interface Source {
  /** Where its entries are. */
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
   * The file that exports the room type of another application than the game: its page is its own in TypeScript, else the
   * inspector.
   */
  readonly app?: string | undefined;
}

/**
 * Builds the pages into `outDir`, which is emptied first: of each `index.html`, `favicon.svg`, and under
 * `assets/` the rest with its hash in the name, to be cached for ever, also compressed. Nothing is inline, so
 * `default-src 'self'` is enough.
 * Throws esbuild's `BuildFailure` when a source does not compile.
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
      // Where nothing may be broken, a replica answers with this what the supervisor of npm start answers elsewhere.
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
