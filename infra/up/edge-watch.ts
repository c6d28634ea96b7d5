import { existsSync, readFileSync } from 'node:fs';
import { KubeApi } from '../cluster/kube-api.ts';
import { rootCommonName } from '../components/certificates/pki-plan.ts';
import { EDGE_PORTS, edgeSelector } from '../components/edge/names.ts';
import type { Config } from '../config/config.ts';
import { PreflightError, StartError } from '../local/errors.ts';
import { waitFor } from '../local/wait.ts';
import { CLUSTER } from '../program/names.ts';
import type { UpPaths } from './paths.ts';
import { type EdgePods, type ServedLeaf, servedLeaves } from './served-leaf.ts';

const PATIENCE_MS = 180_000;
const INTERVAL_MS = 250;

/** The pods of our edge; undefined where the edge's certificate or the edge itself is not the stack's. */
function podsOf({ certificates, ingress, charts, namespace, host, proxyProtocol }: Config): EdgePods | undefined {
  if (certificates !== 'cert-manager' || (ingress === 'controller' && !charts.ingress.install)) return undefined;
  return { namespace, labels: edgeSelector(CLUSTER, ingress), port: EDGE_PORTS.https, host, proxyProtocol };
}

/** Reads which certificates the edge of a stack serves, pod by pod, because a renewed Secret is not yet served. */
export class EdgeWatch {
  readonly #pods: EdgePods;
  readonly #kubeconfig: string;

  constructor(pods: EdgePods, kubeconfig: string) {
    this.#pods = pods;
    this.#kubeconfig = kubeconfig;
  }

  /** Undefined when the edge serves no certificate of the stack's own chain. */
  static of(config: Config, { kubeconfig }: Pick<UpPaths, 'kubeconfig'>): EdgeWatch | undefined {
    const pods = podsOf(config);
    return pods && new EdgeWatch(pods, kubeconfig);
  }

  /** @throws Error when a pod does not show its certificate */
  async served(): Promise<ServedLeaf[]> {
    if (!existsSync(this.#kubeconfig)) throw new Error(`${this.#kubeconfig} is missing; npm run up writes it`);
    return servedLeaves(new KubeApi(readFileSync(this.#kubeconfig, 'utf8')), this.#pods);
  }

  /**
   * Checks that every pod serves a certificate of a root. @throws PreflightError when one does not, or when a pod cannot
   * be read
   */
  async requireIssuedBy(generation: string): Promise<void> {
    let leaves: ServedLeaf[];
    try {
      leaves = await this.served();
    } catch (error) {
      throw new PreflightError(
        `Whether the edge still serves a certificate of the old root cannot be seen: ${(error as Error).message}. ` +
          'Clients would refuse that certificate, so nothing is retired.',
      );
    }
    const old = leaves.filter(({ root }) => root !== rootCommonName(generation));
    if (old.length === 0) return;
    throw new PreflightError(
      `${old.map(({ pod }) => pod).join(' and ')} still ${old.length === 1 ? 'serves' : 'serve'} a certificate of ` +
        `${old[0]!.root}, which clients would refuse: wait until the edge has the one of ${rootCommonName(generation)}, ` +
        'or have it replaced by npm run rotate -- leaf.',
    );
  }

  /**
   * Resolves with the number of pods once every one serves the same certificate, and none of `before`.
   * @throws StartError after three minutes
   */
  async untilReplaced(before: readonly ServedLeaf[]): Promise<number> {
    const old = new Set(before.map(({ fingerprint }) => fingerprint));
    const replaced = async () => {
      const leaves = await this.served();
      const late = leaves.filter(({ fingerprint }) => old.has(fingerprint)).map(({ pod }) => pod);
      if (late.length > 0)
        throw new Error(`${late.join(' and ')} still ${late.length === 1 ? 'serves' : 'serve'} the old one`);
      return new Set(leaves.map(({ fingerprint }) => fingerprint)).size === 1 ? leaves.length : undefined;
    };
    try {
      const what = 'every pod of the edge to serve the new certificate';
      return await waitFor(replaced, { what, timeoutMs: PATIENCE_MS, intervalMs: INTERVAL_MS });
    } catch (error) {
      throw new StartError(`The stack is up with the new certificate, but: ${(error as Error).message}`);
    }
  }
}
