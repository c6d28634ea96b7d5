import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

// CommonJS packages need `require`, which a module does not have.
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** The properties that a bundle cannot preserve. */
const UNKEPT = /import\.meta\.(dirname|filename|main|resolve)\b/;

/**
 * Keeps `import.meta.url` of our sources as it is in the repository. A source then finds a file at the same relative
 * path below the bundle.
 */
const ownLocations = (root: string): Plugin => ({
  name: 'own-locations',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const relative = path.relative(root, file).replaceAll('\\', '/');
      if (relative.startsWith('..') || relative.startsWith('node_modules/')) return undefined;
      const text = await readFile(file, 'utf8');
      const unkept = UNKEPT.exec(text);
      if (unkept) {
        const rule = 'of the import.meta of a source that goes into the image only url can be used';
        return { errors: [{ text: `${relative} uses ${unkept[0]}: ${rule}.` }] };
      }
      const location = `new URL(${JSON.stringify(`./${relative}`)}, import.meta.url).href`;
      return { contents: text.replaceAll('import.meta.url', location), loader: 'ts' };
    });
  },
});

/** Bundles each entry point with everything it imports into `<out>/<name>.mjs`, with a source map. */
export async function compile(root: string, entryPoints: Readonly<Record<string, string>>, out: string): Promise<void> {
  const { build, stop } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { ...entryPoints },
    // As if the output were at the top of the repository, so that a trace names each source by its path there.
    outdir: root,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: BANNER },
    plugins: [ownLocations(root)],
    sourcemap: 'linked',
    sourcesContent: false,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'silent',
  }).finally(() => stop());
  await mkdir(out, { recursive: true });
  for (const { path: file, contents } of outputFiles) {
    await writeFile(path.join(out, path.relative(root, file)), contents);
  }
}
