import type { Cluster } from '../kit/cluster.ts';

/** What each ready replica of a cluster says for Prometheus: one that is stopped does not answer. */
export async function metricsOf(cluster: Pick<Cluster, 'status'>): Promise<string[]> {
  const { replicas } = await cluster.status();
  return Promise.all(
    replicas
      .filter(({ ready }) => ready)
      .map(async ({ internalPort }) => (await fetch(`http://127.0.0.1:${internalPort}/metrics`)).text()),
  );
}
