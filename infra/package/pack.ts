import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildPackage } from './build.ts';

/** Builds the package of the components and packs it. Resolves with the path of the archive. */
export async function packInfra(artifacts: string): Promise<string> {
  const outDir = path.join(artifacts, 'infra');
  await buildPackage(outDir);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', artifacts], { cwd: outDir, encoding: 'utf8' });
  const manifest = readFileSync(path.join(outDir, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  return path.join(artifacts, `${name}-${version}.tgz`);
}
