import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { packageSchema } from './schema.ts';

const run = promisify(execFile);
const here = import.meta.dirname;
const root = path.resolve(here, '../..');

/** Also the name of the plugin, which begins every type before its colon. */
export const PACKAGE = 'gridlock';
const ENTRY = 'infra/components/index';
/** The directory of the modules in the package, which have the same places below it as in the checkout. */
const LIB = 'lib';
const DESCRIPTION =
  'TLS-terminated, sticky, autoscaled clusters of any WebSocket server on Kubernetes, as Pulumi components.';
/** The packages that a component imports. Programs have the first two themselves. */
const PEERS = ['@pulumi/pulumi', '@pulumi/kubernetes'] as const;
/** Files that modules read next to themselves. */
const ASSETS = ['infra/components/redis/scripts'];

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/**
 * Builds the package into `outDir`, which is emptied first: modules, types, the schema and the plugin that Pulumi runs.
 */
export async function buildPackage(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  const lib = path.join(outDir, LIB);
  await mkdir(lib, { recursive: true });
  await compile(lib);
  for (const asset of ASSETS) await cp(path.join(root, asset), path.join(lib, asset), { recursive: true });
  const own = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const { version, license } = own;
  const write = (name: string, text: string) => writeFile(path.join(outDir, name), text);
  const entry = path.join(root, `${ENTRY}.ts`);
  const schema = packageSchema({ entry, root, name: PACKAGE, version, description: DESCRIPTION, license });
  await write('schema.json', `${JSON.stringify(schema, null, 2)}\n`);
  await write('package.json', `${JSON.stringify(await manifest(own, lib), null, 2)}\n`);
  await write('PulumiPlugin.yaml', 'runtime: nodejs\n');
  await write('plugin.js', PLUGIN);
  await cp(path.join(here, 'README.md'), path.join(outDir, 'README.md'));
  await cp(path.join(root, 'LICENSE'), path.join(outDir, 'LICENSE'));
}

/** When a module exports components, Pulumi reads its types itself. So this one exports none. */
const PLUGIN = `import { serve } from './${LIB}/infra/package/plugin.js';

void serve(new URL('schema.json', import.meta.url));
`;

async function compile(lib: string): Promise<void> {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', here, '--outDir', lib]).catch((error: { stdout: string }) => {
    throw new Error(`The package could not be compiled:\n${error.stdout}`);
  });
  for (const file of await filesOf(lib)) {
    if (!file.endsWith('.d.ts')) continue;
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/((?:from |import\()['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'));
  }
}

const filesOf = async (directory: string): Promise<string[]> =>
  (await readdir(directory, { recursive: true })).map((file) => path.join(directory, file));

/** The packages that the modules import. */
async function imported(lib: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (const file of await filesOf(lib)) {
    if (!file.endsWith('.js')) continue;
    const text = await readFile(file, 'utf8');
    for (const [, name] of text.matchAll(/(?:from |import\()['"]((?:@[\w-]+\/)?[\w-][\w.-]*)(?:\/[^'"]*)?['"]/g)) {
      names.add(name!);
    }
  }
  return names;
}

async function manifest(own: Manifest, lib: string): Promise<object> {
  const versions = { ...own.devDependencies, ...own.dependencies };
  const names = [...(await imported(lib))].filter((name) => name in versions).sort();
  const range = (name: string) => [name, `^${versions[name]}`] as const;
  const isPeer = (name: string) => (PEERS as readonly string[]).includes(name);
  return {
    name: PACKAGE,
    version: own.version,
    description: DESCRIPTION,
    license: own.license,
    type: 'module',
    engines: { node: '>=20.19' },
    // For Pulumi, which runs the directory; programs import the exports.
    main: './plugin.js',
    exports: {
      '.': { types: `./${LIB}/${ENTRY}.d.ts`, default: `./${LIB}/${ENTRY}.js` },
      './schema.json': './schema.json',
      './package.json': './package.json',
    },
    dependencies: Object.fromEntries(names.filter((name) => !isPeer(name)).map(range)),
    peerDependencies: Object.fromEntries(PEERS.map(range)),
  };
}
