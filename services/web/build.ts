import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Browsers of the last two years: what `light-dark()` in the style sheets asks for. */
const BROWSERS = ['chrome123', 'edge123', 'firefox121', 'safari17.5'];

/** A page, and where it is in the build: the operations page is served on the internal listener of a replica alone. */
const GAME = { source: '', directory: '', entries: { page: 'main.tsx', styles: 'styles/page.css' } };
const INSPECTOR = {
  source: 'inspector',
  directory: '',
  entries: { page: 'inspector/main.tsx', styles: 'inspector/styles.css' },
};
const OPERATIONS = { source: 'ops', directory: 'ops', entries: { page: 'ops/main.tsx', styles: 'ops/styles.css' } };

export interface PageOptions {
  /** The file that exports the room type of another application than the game: its page is the inspector. */
  readonly app?: string | undefined;
}

/**
 * Builds the pages into `outDir`, which is emptied first: of each `index.html`, `favicon.svg`, and under
 * `assets/` the rest with its hash in the name, to be cached for ever. Nothing is inline, so `default-src 'self'` is
 * enough.
 * Throws esbuild's `BuildFailure` when a source does not compile.
 */
export async function buildPage(outDir: string, { app }: PageOptions = {}): Promise<void> {
  const { build, stop } = await import('esbuild');
  const target = resolve(outDir);
  await rm(target, { recursive: true, force: true });
  try {
    for (const { source, directory, entries } of [app === undefined ? GAME : INSPECTOR, OPERATIONS]) {
      const pageDir = join(target, directory);
      await mkdir(pageDir, { recursive: true });
      const { metafile } = await build({
        absWorkingDir: here,
        entryPoints: entries,
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
      let html = await readFile(join(here, source, 'index.html'), 'utf8');
      for (const [path, output] of Object.entries(metafile.outputs)) {
        if (!output.entryPoint) continue;
        const built = relative(target, resolve(here, path));
        html = html.replaceAll(`/${output.entryPoint}`, `/${built.replaceAll('\\', '/')}`);
      }
      await writeFile(join(pageDir, 'index.html'), html);
      await copyFile(join(here, 'favicon.svg'), join(pageDir, 'favicon.svg'));
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
