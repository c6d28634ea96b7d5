import path from 'node:path';
import type { Config } from '../config/config.ts';
import { KeptSecrets } from './kept-secrets.ts';
import { toYaml } from './manifest.ts';
import type { Registration } from './registration.ts';
import { render } from './render.ts';

/** The resources that must exist before the manifests are applied, one line each. */
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

/**
 * Prints the manifests of a stack with real secrets, to apply without Pulumi. Resources that are not manifests (charts,
 * the image, the cluster) are named on standard error.
 */
export async function printManifests(config: Config): Promise<void> {
  const file = path.resolve(config.stateDir, 'manifests', `${config.stack}.json`);
  const { manifests, others } = await render(config, { answers: new KeptSecrets(file).answer });
  const lines = prerequisites(others).map((line) => `needs ${line}\n`);
  process.stderr.write([...lines, `secrets of these manifests are kept in ${file}\n`].join(''));
  process.stdout.write(toYaml(manifests));
}
