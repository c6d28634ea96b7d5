import { existsSync, readFileSync } from 'node:fs';
import { KubeApi, type PodState } from '../cluster/kube-api.ts';
import { selectorOf } from '../components/labels.ts';
import type { Config } from '../config/config.ts';
import { StartError } from '../local/errors.ts';
import { waitFor } from '../local/wait.ts';
import { CLUSTER } from '../program/names.ts';
import type { UpPaths } from './paths.ts';

const PATIENCE_MS = 240_000;
const INTERVAL_MS = 250;
/** How long a replica of the user's own server has to run before it counts, because many faults show only after a start. */
const STABLE_SECONDS = 30;

interface Deployment {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly availableReplicas?: number };
}

type Wanted = Pick<Config, 'namespace' | 'replicas' | 'autoscaling' | 'serverImage'>;

/** Why a replica does not count yet; undefined when it does. */
function complaintOf({ metadata: { name }, status }: PodState, now: number): string | undefined {
  const [container] = status.containerStatuses ?? [];
  const started = container?.state?.running?.startedAt;
  const seconds = started === undefined ? 0 : Math.floor((now - Date.parse(started)) / 1000);
  if (seconds >= STABLE_SECONDS) return undefined;
  const ended = container?.lastState?.terminated;
  const before = ended === undefined ? '' : ` since it ended with exit code ${ended.exitCode}`;
  return started === undefined ? `${name} is not running${before}` : `${name} has run for ${seconds} s${before}`;
}

/** Waits until a stack that is up has the configured number of replicas. */
export class ReplicasWatch {
  readonly #wanted: Wanted;
  readonly #kubeconfig: string;
  readonly #patienceMs: number;

  constructor(
    wanted: Wanted,
    { kubeconfig }: Pick<UpPaths, 'kubeconfig'>,
    { patienceMs = PATIENCE_MS }: { patienceMs?: number } = {},
  ) {
    this.#wanted = wanted;
    this.#kubeconfig = kubeconfig;
    this.#patienceMs = patienceMs;
  }

  get #deployment(): string {
    return `/apis/apps/v1/namespaces/${this.#wanted.namespace}/deployments/${CLUSTER}`;
  }

  /**
   * Resolves once the configured number of replicas is ready. The engine does not wait for replicas that an autoscaler
   * adds, and does not notice the number that a removed autoscaler leaves behind.
   * @throws StartError after four minutes
   */
  async untilReady(): Promise<void> {
    let api: KubeApi;
    try {
      if (!existsSync(this.#kubeconfig)) throw new Error(`${this.#kubeconfig} is missing`);
      api = new KubeApi(readFileSync(this.#kubeconfig, 'utf8'));
      await api.get(this.#deployment);
    } catch (error) {
      process.stderr.write(`Cannot read the replicas, so this does not wait for them: ${(error as Error).message}\n`);
      return;
    }
    const { replicas, namespace } = this.#wanted;
    try {
      const what = `${replicas} ready replicas`;
      await waitFor(() => this.#ready(api), { what, timeoutMs: this.#patienceMs, intervalMs: INTERVAL_MS });
    } catch (error) {
      throw new StartError(
        `The stack is up, but not all of its replicas are ready. ${(error as Error).message} To see why: kubectl --kubeconfig ` +
          `${this.#kubeconfig} -n ${namespace} get pods, and logs --previous for a pod that exited.`,
      );
    }
  }

  /** True when every replica counts. @throws Error that says which ones do not */
  async #ready(api: KubeApi): Promise<true> {
    const { replicas, namespace, autoscaling, serverImage } = this.#wanted;
    const { spec, status } = (await api.get(this.#deployment)) as Deployment;
    // A removed autoscaler is deleted last, and may leave its number of replicas behind.
    if (autoscaling === 'none' && spec.replicas !== replicas) {
      await api.patch(`${this.#deployment}/scale`, { spec: { replicas } });
      throw new Error(`the Deployment asks for ${spec.replicas}`);
    }
    const available = status?.availableReplicas ?? 0;
    if (available < replicas) throw new Error(`${available} ${available === 1 ? 'is' : 'are'} ready`);
    if (serverImage === '') return true;
    const pods = await api.pods(namespace, selectorOf({ cluster: CLUSTER, part: 'server' }));
    const complaints = pods.map((pod) => complaintOf(pod, api.now)).filter((text) => text !== undefined);
    if (complaints.length > 0) throw new Error(complaints.join(', '));
    return true;
  }
}
