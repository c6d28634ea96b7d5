// Marks an `up` that has begun and has not succeeded. An interrupted engine does not record the update under way, so its
// state may differ from the cluster.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { KubeApi } from '../cluster/kube-api.ts';
import { writePrivate } from '../local/state-dir.ts';
import type { UpPaths } from './paths.ts';

type Paths = Pick<UpPaths, 'unfinished' | 'kubeconfig'>;

export const begin = ({ unfinished }: Paths): void => writePrivate(unfinished, '');
export const finish = ({ unfinished }: Paths): void => rmSync(unfinished, { force: true });

/**
 * Whether to compare the state with the cluster first: the last `up` did not succeed, and the cluster answers. If it did
 * not answer, a refresh would drop everything in the cluster from the state.
 */
export async function needsRefresh({ unfinished, kubeconfig }: Paths): Promise<boolean> {
  if (!existsSync(unfinished) || !existsSync(kubeconfig)) return false;
  try {
    await new KubeApi(readFileSync(kubeconfig, 'utf8')).get('/version');
    return true;
  } catch {
    return false;
  }
}
