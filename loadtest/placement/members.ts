import type { Cluster } from '../../infra/local/cluster.ts';
import { waitFor } from '../../infra/local/wait.ts';

const WAIT_MS = 60_000;
const LINE = /^gridlock_members\{[^}]*\} (\d+)/m;

/** Resolves when every ready replica of a cluster has heard of so many lately, itself among them, and of no more. */
export async function members(cluster: Pick<Cluster, 'status'>, count: number): Promise<void> {
  const isSo = async () => {
    const { replicas } = await cluster.status();
    const heard = await Promise.all(replicas.filter(({ ready }) => ready).map(async ({ internalPort }) => {
      const text = await (await fetch(`http://127.0.0.1:${internalPort}/metrics`)).text();
      return Number(LINE.exec(text)?.[1]);
    }));
    return heard.every((number) => number === count) || undefined;
  };
  await waitFor(isSo, { what: `${count} members that every replica has heard of`, timeoutMs: WAIT_MS, intervalMs: 100 });
}
