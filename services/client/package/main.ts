import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildPackage } from './build.ts';

const artifacts = path.resolve(import.meta.dirname, '../../../.artifacts');
const outDir = path.join(artifacts, 'sdk');

try {
  await buildPackage(outDir);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', artifacts], { cwd: outDir, encoding: 'utf8' });
  const { name, version } = JSON.parse(readFileSync(path.join(outDir, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  process.stdout.write(`${path.relative(process.cwd(), path.join(artifacts, `${name}-${version}.tgz`))}\n`);
} catch (error) {
  process.stderr.write(`The package could not be built: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
