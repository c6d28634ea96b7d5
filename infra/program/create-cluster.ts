import type { Cluster } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';

/** The cluster. Each kind is loaded on demand, because the modules for EKS take a second. */
export async function createCluster(config: Config): Promise<Cluster> {
  switch (config.cluster) {
    case 'kind':
      return new (await import('../cluster/kind.ts')).KindCluster('cluster', config);
    case 'existing':
    case 'gke':
    case 'aks':
      return new (await import('../cluster/existing.ts')).ExistingCluster('cluster', config);
    case 'eks':
      return new (await import('../cluster/eks.ts')).EksCluster('cluster', config);
  }
}
