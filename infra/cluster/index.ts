import type { Config } from '../config.ts';
import type { Cluster } from './cluster.ts';

export type { Cluster } from './cluster.ts';

const NAME = 'cluster';

/** The cluster of the configuration. Each kind of it is loaded alone: what EKS needs takes a second. */
export async function createCluster(config: Config): Promise<Cluster> {
  switch (config.cluster) {
    case 'kind':
      return new (await import('./kind.ts')).KindCluster(NAME, config);
    case 'existing':
      return new (await import('./existing.ts')).ExistingCluster(NAME, config);
    case 'eks':
      return new (await import('./eks.ts')).EksCluster(NAME, config);
  }
}
