// Checks, before anything is changed, for conflicts with other users of the same Kubernetes cluster.
import { readKubeconfig } from '../cluster/existing.ts';
import { KubeApi, KubeError } from '../cluster/kube-api.ts';
import { edgeName } from '../components/edge/names.ts';
import type { ChartName } from '../config/cluster-keys.ts';
import type { Config } from '../config/config.ts';
import { edgeServiceType } from '../config/edge-settings.ts';
import { PreflightError } from '../local/errors.ts';
import { CLUSTER } from '../program/names.ts';
import { scalingOf } from '../program/scaling.ts';
import type { StateResource } from './engine.ts';

const NAMESPACE = 'kubernetes:core/v1:Namespace';
const RELEASE = 'kubernetes:helm.sh/v3:Release';

/** A component that a Kubernetes cluster can have only once. */
interface SharedPart {
  readonly chart: Extract<ChartName, 'certManager' | 'trustManager' | 'keda' | 'metricsServer'>;
  /** Name of its release, and of its resource in the state. */
  readonly release: string;
  /** The path at which the API server shows it if it is installed. */
  readonly path: string;
  /** Keys that make the stack use the installed one. */
  readonly remedy: string;
}

const deployments = (name: string) =>
  `/apis/apps/v1/deployments?labelSelector=${encodeURIComponent(`app.kubernetes.io/name=${name}`)}`;
const notInstalled = (chart: ChartName) => `charts: { ${chart}: { install: false } }`;

const CERT_MANAGER: SharedPart = {
  chart: 'certManager',
  release: 'cert-manager',
  path: deployments('cert-manager'),
  remedy: notInstalled('certManager'),
};
const TRUST_MANAGER: SharedPart = {
  chart: 'trustManager',
  release: 'trust-manager',
  path: deployments('trust-manager'),
  remedy: notInstalled('trustManager'),
};
const KEDA: SharedPart = {
  chart: 'keda',
  release: 'keda',
  path: deployments('keda-operator'),
  remedy: 'autoscaling: existing',
};
const METRICS_SERVER: SharedPart = {
  chart: 'metricsServer',
  release: 'metrics-server',
  path: '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io',
  remedy: notInstalled('metricsServer'),
};

interface Need {
  readonly part: SharedPart;
  /** Whether the stack installs it. */
  readonly installs: boolean;
}

/** The shared parts that a stack needs, and whether it installs them. */
function needsOf(config: Config): Need[] {
  const { charts, certificates, autoscaling } = config;
  const scaling = scalingOf(config);
  return [
    ...(certificates === 'files'
      ? []
      : [CERT_MANAGER, TRUST_MANAGER].map((part) => ({ part, installs: charts[part.chart].install }))),
    ...(autoscaling === 'none' ? [] : [{ part: KEDA, installs: scaling?.keda !== undefined }]),
    // Only Gridlock's own replicas scale on CPU.
    ...(scaling?.metricsServer === undefined ? [] : [{ part: METRICS_SERVER, installs: true }]),
  ];
}

const isIn = (resources: readonly StateResource[], type: string, name: string): boolean =>
  resources.some((resource) => resource.type === type && resource.urn.endsWith(`::${name}`));

/** The object or list at a path; undefined if there is none, or if we may not read it. */
async function seen(api: KubeApi, path: string): Promise<unknown> {
  try {
    return await api.get(path);
  } catch (error) {
    if (error instanceof KubeError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

async function isThere(api: KubeApi, { path }: SharedPart): Promise<boolean> {
  const found = (await seen(api, path)) as { items?: unknown[] } | undefined;
  return found !== undefined && (found.items === undefined || found.items.length > 0);
}

async function partComplaint(
  api: KubeApi,
  { part, installs }: Need,
  resources: readonly StateResource[],
): Promise<string | undefined> {
  if (!installs || isIn(resources, RELEASE, part.release)) return undefined;
  if (!(await isThere(api, part))) return undefined;
  return `The cluster has ${part.release} already, and can have only one: set ${part.remedy} to use it.`;
}

interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly ports?: readonly { readonly nodePort?: number }[] };
}

async function portComplaint(api: KubeApi, config: Config): Promise<string | undefined> {
  if (edgeServiceType(config) !== 'NodePort') return undefined;
  const { items = [] } = ((await seen(api, '/api/v1/services')) ?? {}) as { items?: Service[] };
  for (const { metadata, spec } of items) {
    if (metadata.namespace === config.namespace && metadata.name === edgeName(CLUSTER)) continue;
    const taken = spec.ports?.find(({ nodePort }) => nodePort === config.nodePort || nodePort === config.httpNodePort);
    if (taken === undefined) continue;
    return (
      `Port ${taken.nodePort} of the nodes is taken by the Service ${metadata.name} of the namespace ` +
      `${metadata.namespace}: set nodePort and httpNodePort to others (30000 to 32767), or ingressService to ClusterIP.`
    );
  }
  return undefined;
}

interface Named {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
}

async function namespaceComplaint(
  api: KubeApi,
  { namespace, stack }: Config,
  resources: readonly StateResource[],
): Promise<string | undefined> {
  if (resources.some(({ type }) => type === NAMESPACE)) return undefined;
  const found = (await seen(api, `/api/v1/namespaces/${namespace}`)) as Named | undefined;
  if (found?.metadata?.labels?.['app.kubernetes.io/part-of'] !== 'gridlock') return undefined;
  return (
    `The namespace ${namespace} belongs to another stack: set namespace to another name for the stack ${stack}. ` +
    'If that stack is gone, delete its namespace first.'
  );
}

/**
 * Checks for objects of others on the cluster that would make an `up` fail half-way. Skips the check if it cannot read
 * the cluster, for example behind a proxy.
 * @throws PreflightError with a sentence for each conflict, ConfigError for a kubeconfig without the context
 */
export async function requireRoom(config: Config, resources: readonly StateResource[]): Promise<void> {
  const kubeconfig = readKubeconfig(config);
  let complaints: (string | undefined)[];
  try {
    const api = new KubeApi(kubeconfig);
    complaints = [
      await namespaceComplaint(api, config, resources),
      await portComplaint(api, config),
      ...(await Promise.all(needsOf(config).map((need) => partComplaint(api, need, resources)))),
    ];
  } catch (error) {
    process.stderr.write(
      `Cannot read the cluster, so conflicts with other stacks are not checked: ${(error as Error).message}\n`,
    );
    return;
  }
  const found = complaints.filter((text) => text !== undefined);
  if (found.length === 0) return;
  throw new PreflightError(
    [`The stack ${config.stack} cannot be brought up on this cluster with its present configuration:`, ...found]
      .join('\n  ')
      .concat('\nNothing was changed.'),
  );
}
