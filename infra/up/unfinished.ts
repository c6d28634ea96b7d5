// The mark of an `up` that has begun and not succeeded. An engine that is interrupted forgets the update under way, so
// that its state may differ from the cluster.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { KubeApi } from '../cluster/kube-api.ts';
import { writePrivate } from '../local/state-dir.ts';
import type { UpPaths } from './paths.ts';

type Paths = Pick<UpPaths, 'unfinished' | 'kubeconfig'>;

export const begin = ({ unfinished }: Paths): void => writePrivate(unfinished, '');
export const finish = ({ unfinished }: Paths): void => rmSync(unfinished, { force: true });

/**
 * Whether the state is to be compared with the cluster first: the last `up` did not succeed, and the cluster answers. A
 * refresh without an answer would forget everything that is in the cluster.
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
