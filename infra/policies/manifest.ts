// The parts of Kubernetes objects that policies check.

/** A Kubernetes object as it is sent to the API server. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: Metadata;
  readonly spec?: Fields;
  readonly [field: string]: unknown;
}

export interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export type Labels = Readonly<Record<string, string>>;

/** A part of an object of which only some fields are known here. */
export type Fields = Readonly<Record<string, any>>;

export interface Container extends Fields {
  readonly name: string;
}

/** The label that distinguishes the pods of a StatefulSet. */
const POD_NAME = 'statefulset.kubernetes.io/pod-name';
/** The workloads that keep pods running. */
const CONTROLLERS = ['Deployment', 'StatefulSet', 'DaemonSet'];
/** Kinds without a namespace that we or charts write. */
const CLUSTER_WIDE =
  /^(Namespace|Cluster.*|CustomResourceDefinition|APIService|StorageClass|PriorityClass|.*WebhookConfiguration|Bundle|IngressClass)$/;

export const isController = ({ kind }: Manifest): boolean => CONTROLLERS.includes(kind);
export const isNamespaced = ({ kind }: Manifest): boolean => !CLUSTER_WIDE.test(kind);

/** `Deployment gridlock/game`, as findings name it. */
export const nameOf = ({ kind, metadata }: Manifest): string =>
  `${kind} ${metadata?.namespace ? `${metadata.namespace}/` : ''}${metadata?.name ?? '?'}`;

/** Metadata and spec of the pods an object makes; undefined for an object without pods. */
export function podTemplate(manifest: Manifest): { metadata: Metadata; spec: Fields } | undefined {
  const { kind, metadata = {}, spec = {} } = manifest;
  if (kind === 'Pod') return { metadata, spec };
  const template = kind === 'CronJob' ? spec.jobTemplate?.spec?.template : spec.template;
  if (!isController(manifest) && kind !== 'Job' && kind !== 'CronJob' && kind !== 'ReplicaSet') return undefined;
  return { metadata: template?.metadata ?? {}, spec: template?.spec ?? {} };
}

export const podSpec = (manifest: Manifest): Fields | undefined => podTemplate(manifest)?.spec;

/** Every container of the pods, including those that run before or alongside the others. */
export function containers(manifest: Manifest): Container[] {
  const { containers: main = [], initContainers: initial = [] } = podSpec(manifest) ?? {};
  return [...initial, ...main];
}

/** The containers that run as long as the pod does. */
export function lastingContainers(manifest: Manifest): Container[] {
  const { containers: main = [], initContainers: initial = [] } = podSpec(manifest) ?? {};
  return [...initial.filter((container: Fields) => container.restartPolicy === 'Always'), ...main];
}

/** Names of the ports a pod opens. */
export const portNames = (manifest: Manifest): string[] =>
  containers(manifest).flatMap((container) => (container.ports ?? []).map((port: Fields) => port.name));

/** Whether all of a selector's `matchLabels` are among the labels. */
export const matches = (wanted: Labels | undefined, labels: Labels | undefined): boolean =>
  Object.entries(wanted ?? {}).every(([key, value]) => labels?.[key] === value);

/**
 * Labels the pods of a controller have: those of the template, and what the controller adds to one of them.
 */
function podLabels(manifest: Manifest, wanted: Labels | undefined): Labels {
  const labels = podTemplate(manifest)?.metadata.labels ?? {};
  const name = wanted?.[POD_NAME];
  const { kind, metadata, spec } = manifest;
  const ordinal = Number(name?.slice((metadata?.name ?? '').length + 1));
  const exists = name === `${metadata?.name}-${ordinal}` && ordinal < Number(spec?.replicas ?? 1);
  return kind === 'StatefulSet' && exists ? { ...labels, [POD_NAME]: name } : labels;
}

/**
 * The controllers of a namespace some of whose pods carry the labels; an empty selector means all of them.
 */
export const podsSelected = (all: readonly Manifest[], namespace: string | undefined, wanted: Labels | undefined) =>
  all.filter(
    (other) =>
      isController(other) && other.metadata?.namespace === namespace && matches(wanted, podLabels(other, wanted)),
  );

export const sameNamespace = (manifest: Manifest, all: readonly Manifest[]): Manifest[] =>
  all.filter(({ metadata }) => metadata?.namespace === manifest.metadata?.namespace);

/** A rule for Kubernetes objects. */
export interface Policy {
  /** The name in findings and exemptions. */
  readonly name: string;
  /** The rule, as a sentence. */
  readonly sentence: string;
  /** Whether it has to see the other objects too. */
  readonly whole?: true;
  /** The faults of an object, each as the rest of a sentence whose subject is the object; empty when there are none. */
  readonly check: (manifest: Manifest, all: readonly Manifest[]) => string[];
}

/** A policy on each container of an object. */
export const eachContainer = (
  name: string,
  sentence: string,
  complaint: (container: Container, manifest: Manifest) => string | undefined,
): Policy => ({
  name,
  sentence,
  check: (manifest) =>
    containers(manifest).flatMap((container) => {
      const found = complaint(container, manifest);
      return found ? [`container ${container.name} ${found}`] : [];
    }),
});
