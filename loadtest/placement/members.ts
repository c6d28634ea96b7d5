import { waitFor } from '../../infra/local/wait.ts';
import type { Cluster } from '../kit/cluster.ts';
import { metricsOf } from './metrics.ts';

const WAIT_MS = 60_000;
const LINE = /^gridlock_members\{[^}]*\} (\d+)/m;

/** Resolves when every ready replica of a cluster has heard of so many lately, itself among them, and of no more. */
export async function members(cluster: Pick<Cluster, 'status'>, count: number): Promise<void> {
  const isSo = async () => {
    const heard = (await metricsOf(cluster)).map((text) => Number(LINE.exec(text)?.[1]));
    return heard.every((number) => number === count) || undefined;
  };
  await waitFor(isSo, {
    what: `${count} members that every replica has heard of`,
    timeoutMs: WAIT_MS,
    intervalMs: 100,
  });
}
