import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BuildOptions, Plugin } from 'esbuild';

const run = promisify(execFile);
const here = import.meta.dirname;
const root = path.resolve(here, '../../..');

/** The parts that can be imported, and where they are among the services. `grid` has the rules of the game. */
const ENTRIES = {
  core: 'client/index',
  browser: 'client/browser',
  node: 'client/node',
  hook: 'client/hook',
  grid: 'apps/grid/grid',
} as const;
/** The oldest runtimes that the package supports. */
const TARGET = ['es2022', 'node20', 'chrome123', 'firefox121', 'safari17.5'];
const VALIBOT = 'valibot.d.mts';

/** Builds the package into `outDir`, which is emptied first: modules, types, licences and a `package.json`. */
export async function buildPackage(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  await Promise.all([buildModules(outDir), buildTypes(path.join(outDir, 'types'))]);
  const own = await readJson(path.join(root, 'package.json'));
  await writeFile(path.join(outDir, 'package.json'), `${JSON.stringify(manifest(own), null, 2)}\n`);
  await cp(path.join(here, 'README.md'), path.join(outDir, 'README.md'));
  const licence = await readFile(path.join(here, 'LICENSE'), 'utf8');
  const bundled = await readFile(path.join(root, 'node_modules/valibot/LICENSE.md'), 'utf8');
  await writeFile(path.join(outDir, 'LICENSE'), `${licence}\n---\nvalibot, which is bundled:\n\n${bundled}`);
}

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const readJson = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Manifest;

function manifest({ version, license, dependencies }: Manifest): object {
  const entry = (name: keyof typeof ENTRIES) => ({
    types: `./types/${ENTRIES[name]}.d.ts`,
    default: `./${name}.js`,
  });
  return {
    name: 'gridlock-client',
    version,
    description: "A player's side of a Gridlock cluster, for browsers and Node.",
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22' },
    exports: {
      // The compiler of a page sets no condition, so it gets the part for browsers.
      '.': { node: entry('node'), default: entry('browser') },
      './browser': entry('browser'),
      './node': entry('node'),
      './core': entry('core'),
      './hook': entry('hook'),
      './grid': entry('grid'),
    },
    dependencies: { ws: `^${dependencies['ws']}` },
  };
}

/** Functions without side effects. */
const MAKERS = /(?<=[^.\w])(v\.\w+|plainText|new RegExp|Object\.freeze)(?=\()/g;
/** The messages of schemas about wrong values, which only servers send. */
const COMPLAINTS = /, (['`])(?:is|has) [^'`]*\1(?=\))/g;

/** Our modules do nothing when they are loaded, so unused parts can be left out. */
const pureSources: Plugin = {
  name: 'pure-sources',
  setup: (build) => {
    build.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path: file, resolveDir }) => ({
      path: path.resolve(resolveDir, file),
      sideEffects: false,
    }));
    build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8')).replaceAll(COMPLAINTS, '').replaceAll(MAKERS, '/* @__PURE__ */ $1'),
      loader: 'ts',
    }));
  },
};

/** Makes the SDK small. */
export const SLIM: BuildOptions = {
  plugins: [pureSources],
  alias: { valibot: path.join(here, 'small-valibot.ts') },
};

async function buildModules(outDir: string): Promise<void> {
  const { build } = await import('esbuild');
  const shared: BuildOptions = {
    absWorkingDir: root,
    outdir: outDir,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // The only runtime dependencies of the package; only its Node part imports them.
    external: ['ws', 'node:*'],
    target: TARGET,
    legalComments: 'inline',
    logLevel: 'silent',
  };
  const { grid, ...sdk } = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, file]) => [name, path.join(here, '../..', `${file}.ts`)]),
  );
  await build({
    ...shared,
    entryPoints: sdk,
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    ...SLIM,
  });
  // An application also checks commands and settings, and may use all of valibot.
  await build({ ...shared, entryPoints: { grid: grid! } });
}

/** The declarations of the sources, next to the only library that they take types from. */
async function buildTypes(outDir: string): Promise<void> {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', here, '--outDir', outDir]).catch((error: { stdout: string }) => {
    throw new Error(`The types of the package could not be built:\n${error.stdout}`);
  });
  await cp(path.join(root, 'node_modules/valibot/dist/index.d.mts'), path.join(outDir, VALIBOT));
  const files = (await readdir(outDir, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
  await Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(outDir, file), 'utf8');
      const library = `${'../'.repeat(file.split(path.sep).length - 1)}${VALIBOT.replace(/\.d\.mts$/, '.mjs')}`;
      const mended = text
        .replaceAll(/(from |import\()(['"])valibot\2/g, `$1$2${library}$2`)
        .replaceAll(/((?:from |import\()['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2');
      await writeFile(path.join(outDir, file), mended);
    }),
  );
}
