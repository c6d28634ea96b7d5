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
/** How long a replica of a server of the user's has to run before it counts: many a mistake shows after its start. */
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
  return started === undefined ? `${name} does not run${before}` : `${name} has run for ${seconds} s${before}`;
}

/** Sees to it that a stack that is up has the replicas that were asked for. */
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
   * Resolves once as many replicas are ready as were asked for: the engine does not wait for those that an autoscaler
   * adds, and does not see the number that an autoscaler leaves when it goes.
   * @throws StartError after four minutes
   */
  async untilReady(): Promise<void> {
    let api: KubeApi;
    try {
      if (!existsSync(this.#kubeconfig)) throw new Error(`${this.#kubeconfig} is missing`);
      api = new KubeApi(readFileSync(this.#kubeconfig, 'utf8'));
      await api.get(this.#deployment);
    } catch (error) {
      process.stderr.write(`The replicas cannot be seen, so nothing waits for them: ${(error as Error).message}\n`);
      return;
    }
    const { replicas, namespace } = this.#wanted;
    try {
      const what = `${replicas} replicas that are ready`;
      await waitFor(() => this.#ready(api), { what, timeoutMs: this.#patienceMs, intervalMs: INTERVAL_MS });
    } catch (error) {
      throw new StartError(
        `The stack is up, but not all of its replicas are. ${(error as Error).message} To see why: kubectl --kubeconfig ` +
          `${this.#kubeconfig} -n ${namespace} get pods, and logs --previous of a pod that ended.`,
      );
    }
  }

  /** True when all is as it should be. @throws Error with what is not */
  async #ready(api: KubeApi): Promise<true> {
    const { replicas, namespace, autoscaling, serverImage } = this.#wanted;
    const { spec, status } = (await api.get(this.#deployment)) as Deployment;
    // An autoscaler that is removed goes last, and may leave its number.
    if (autoscaling === 'none' && spec.replicas !== replicas) {
      await api.patch(`${this.#deployment}/scale`, { spec: { replicas } });
      throw new Error(`there were to be ${spec.replicas}`);
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
