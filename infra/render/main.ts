// Usage: npm run manifests -- [--stack dev] [flags of the configuration]
import path from 'node:path';
import { type Config, ConfigError, configHelp, readConfig } from '../config/config.ts';
import { KeptSecrets } from './kept-secrets.ts';
import { toYaml } from './manifest.ts';
import type { Registration } from './registration.ts';
import { render } from './render.ts';

const HELP = `npm run manifests -- [flags]

Prints the manifests of a stack with real secrets, to apply without Pulumi:

  npm run -s manifests -- --stack dev | kubectl apply -f -

What is no manifest (charts, the image, the cluster) is told on stderr.

`;

/** What there must be before the manifests are applied, one line each. */
function prerequisites(others: readonly Registration[]): string[] {
  return others.flatMap(({ type, inputs }) => {
    if (type === 'kubernetes:helm.sh/v3:Release') {
      const { chart, name, namespace, version } = inputs;
      return [`chart ${chart}${version ? ` ${version}` : ''}, as release ${name} in namespace ${namespace}`];
    }
    if (type !== 'docker:index/image:Image') return [];
    const { context } = inputs.build as { context: string };
    return [`image ${inputs.imageName}, built from ${context}`];
  });
}

async function print(config: Config): Promise<void> {
  const file = path.resolve(config.stateDir, 'manifests', `${config.stack}.json`);
  const { manifests, others } = await render(config, { answers: new KeptSecrets(file).answer });
  const lines = prerequisites(others).map((line) => `needs ${line}\n`);
  process.stderr.write([...lines, `secrets of these manifests are kept in ${file}\n`].join(''));
  process.stdout.write(toYaml(manifests));
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  try {
    if (args.includes('--help') || args.includes('-h')) process.stdout.write(HELP + configHelp('cluster'));
    else await print(readConfig({ args, target: 'cluster' }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
