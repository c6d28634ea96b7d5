import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PIN } from './node.mjs';
import { ROOT } from './testing.ts';

const MAJOR = PIN.version.split('.')[0]!;
const NPM_PACKAGES = Object.values(PIN.platforms).flatMap((source) => ('npm' in source ? [source.npm] : []));
/** Node in prose, as an image, in a workflow, and as what esbuild compiles for. */
const MENTION = /(?:\bNode(?:\.js)? |\bnode:|\bnode-version: |'node)(\d+(?:\.\d+)*)/g;
const FILES = [
  '*.md',
  '*.yaml',
  'docs/**/*.md',
  '.github/workflows/*.yml',
  'infra/**/*.{md,ts,mjs,yaml}',
  'cli/**/*.{md,mjs,ts}',
];
/** Files that name other versions: the history, the decision, and tests. */
const OTHERS = ['CHANGELOG.md', 'docs/adr/0001-node-from-a-package.md', '**/*.test.ts'];

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  optionalDependencies: Record<string, string>;
};
const lockfile = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string }> };

test('package.json and the lockfile have Node as it is pinned, and no other', () => {
  const pinned = Object.fromEntries(NPM_PACKAGES.map((name) => [name, PIN.version]));
  assert.deepEqual(manifest.optionalDependencies, pinned);
  for (const name of NPM_PACKAGES) assert.equal(lockfile.packages[`node_modules/${name}`]?.version, PIN.version, name);
});

test('files, images and workflows name the pinned Node, or the oldest that the set-up runs on', () => {
  const oldest = manifest.engines.node.replace('>=', '');
  const named = new Map<string, string[]>();
  for (const file of [...globSync(FILES, { cwd: ROOT, exclude: OTHERS }), 'infra/image/Dockerfile']) {
    const versions = [...read(file).matchAll(MENTION)].map(([, version]) => version!);
    if (versions.length > 0) named.set(file, versions);
  }
  const wrong = [...named].filter(([, versions]) => versions.some((at) => ![PIN.version, MAJOR, oldest].includes(at)));
  assert.deepEqual(wrong, []);
  // Files that must name it, whatever the expression above finds.
  for (const file of ['README.md', 'compose.yaml', 'infra/image/Dockerfile', 'infra/image/bundle.ts']) {
    assert.ok(named.has(file), file);
  }
  for (const file of ['infra/config/cluster-keys.ts', '.github/workflows/ci.yml', 'infra/image/compile.ts']) {
    assert.ok(named.has(file), file);
  }
});

test('the README and the decision name the exact version and where it comes from', () => {
  assert.ok(read('README.md').includes(`Node.js ${PIN.version}`));
  const decision = read('docs/adr/0001-node-from-a-package.md');
  assert.ok(decision.includes(`Node ${PIN.version}`));
  for (const source of Object.values(PIN.platforms)) {
    const [name, version] = 'npm' in source ? [source.npm, PIN.version] : source.wheel.split('==');
    assert.ok(decision.includes(`\`${name}\``) && decision.includes(version!), name);
  }
});
