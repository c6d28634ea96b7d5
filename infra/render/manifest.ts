import { stringify } from 'yaml';
import { withoutFields } from './ignored-fields.ts';
import type { Registration } from './registration.ts';

/** An object in the form for the API server. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** Kinds that others refer to come first. */
const KINDS_IN_ORDER = [
  'Namespace',
  'StorageClass',
  'PriorityClass',
  'CustomResourceDefinition',
  'ServiceAccount',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'Secret',
  'ConfigMap',
  'NetworkPolicy',
  'Service',
];
const rankOf = ({ kind }: Manifest): number => {
  const rank = KINDS_IN_ORDER.indexOf(kind);
  return rank === -1 ? KINDS_IN_ORDER.length : rank;
};

const FIRST_KEYS = ['apiVersion', 'kind', 'metadata', 'name', 'namespace'];
const rankOfKey = (key: string): number => {
  const rank = FIRST_KEYS.indexOf(key);
  return rank === -1 ? FIRST_KEYS.length : rank;
};
const byKey = (a: string, b: string): number => rankOfKey(a) - rankOfKey(b) || (a < b ? -1 : 1);

/** The value with its keys in an order that does not depend on their source. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => byKey(a, b));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** Whether a resource is an object of a cluster, and not a chart, a provider or something outside. */
export const isManifest = ({ type, inputs, read, custom }: Registration): boolean =>
  custom && !read && type.startsWith('kubernetes:') && typeof inputs.apiVersion === 'string' && 'kind' in inputs;

const identity = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;

/** The objects of a program in the order to apply them, which is the same in every run. */
export function manifestsOf(registrations: readonly Registration[]): Manifest[] {
  const manifests = registrations.filter(isManifest).map(({ inputs, options }) => {
    const ignored = (options.ignoreChanges ?? []) as readonly string[];
    return sorted(withoutFields(inputs, ignored)) as Manifest;
  });
  return manifests.sort((a, b) => rankOf(a) - rankOf(b) || (identity(a) < identity(b) ? -1 : 1));
}

/** Several documents of YAML. */
export const toYaml = (documents: readonly unknown[]): string =>
  documents
    // Two places with the same labels are two texts, not one with a reference to it.
    .map((document) => `---\n${stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 })}`)
    .join('');
