import type { Policy } from './manifest.ts';
import { type Fields, isNamespaced, type Manifest, podSpec, sameNamespace } from './manifest.ts';

const rulesOf = ({ kind, rules }: Manifest): Fields[] =>
  kind === 'Role' || kind === 'ClusterRole' ? ((rules as Fields[] | undefined) ?? []) : [];

export const IDENTITY: readonly Policy[] = [
  {
    name: 'own-service-account',
    sentence: 'Pods run under a dedicated ServiceAccount that exists.',
    whole: true,
    check: (manifest, all) => {
      const spec = podSpec(manifest);
      if (!spec) return [];
      const name: unknown = spec.serviceAccountName;
      if (typeof name !== 'string' || name === 'default') return ['runs under the default ServiceAccount'];
      const exists = sameNamespace(manifest, all).some(
        ({ kind, metadata }) => kind === 'ServiceAccount' && metadata?.name === name,
      );
      return exists ? [] : [`runs under the ServiceAccount ${name}, which does not exist`];
    },
  },
  {
    name: 'no-token',
    sentence: 'Pods get no token of the Kubernetes API.',
    check: (manifest) => {
      const spec = podSpec(manifest);
      if (!spec) return [];
      const projected = ((spec.volumes ?? []) as Fields[])
        .flatMap(({ projected: volume }) => (volume?.sources ?? []) as Fields[])
        .some(({ serviceAccountToken }) => serviceAccountToken);
      const automatic = spec.automountServiceAccountToken !== false;
      return automatic || projected ? ['mounts a token of the Kubernetes API'] : [];
    },
  },
  {
    name: 'explicit-namespace',
    sentence: 'Objects name their namespace, which is not the default one.',
    check: (manifest) => {
      if (!isNamespaced(manifest)) return [];
      const namespace = manifest.metadata?.namespace;
      if (!namespace) return ['names no namespace'];
      return namespace === 'default' ? ['is in the namespace default'] : [];
    },
  },
  {
    name: 'no-wildcard-access',
    sentence: 'Roles list what they allow: no wildcards.',
    check: (manifest) =>
      rulesOf(manifest)
        .filter(({ apiGroups, resources, verbs }) => [apiGroups, resources, verbs].some((list) => list?.includes('*')))
        .map(() => 'allows by a wildcard'),
  },
  {
    name: 'no-secrets-access',
    sentence: 'Roles do not open all Secrets of a namespace.',
    check: (manifest) =>
      rulesOf(manifest)
        .filter(({ resources, resourceNames }) => resources?.includes('secrets') && !resourceNames?.length)
        .map(() => 'opens every Secret'),
  },
  {
    name: 'no-cluster-admin',
    sentence: 'No subject is bound to cluster-admin.',
    check: ({ kind, roleRef }) =>
      /^(Cluster)?RoleBinding$/.test(kind) && (roleRef as Fields | undefined)?.name === 'cluster-admin'
        ? ['binds cluster-admin']
        : [],
  },
];
