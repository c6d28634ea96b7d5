import type { Policy } from './manifest.ts';
import {
  type Fields,
  isController,
  type Manifest,
  matches,
  nameOf,
  podsSelected,
  podTemplate,
  portNames,
  sameNamespace,
} from './manifest.ts';

const BUILT_IN_NAMESPACES = ['kube-system', 'kube-public', 'default'];

/** Directions of its pods' traffic that a NetworkPolicy restricts. */
const directions = ({ spec = {} }: Manifest): string[] =>
  spec.policyTypes ?? ['Ingress', ...(spec.egress ? ['Egress'] : [])];

const peersOf = ({ spec = {} }: Manifest): Fields[] => [
  ...(spec.ingress ?? []).flatMap((rule: Fields) => rule.from ?? []),
  ...(spec.egress ?? []).flatMap((rule: Fields) => rule.to ?? []),
];

/** Namespaces with objects of ours: we cannot see the pods in others. */
const ourNamespaces = (all: readonly Manifest[]): Set<string | undefined> =>
  new Set(all.filter(isController).map(({ metadata }) => metadata?.namespace));

/** A Service's pods, when it has any to select. */
function servedPods(manifest: Manifest, all: readonly Manifest[]): Manifest[] | undefined {
  const selector = manifest.spec?.selector;
  // Objects that charts make in other namespaces are not visible here.
  if (manifest.kind !== 'Service' || !selector || !ourNamespaces(all).has(manifest.metadata?.namespace))
    return undefined;
  return podsSelected(all, manifest.metadata?.namespace, selector);
}

export const NETWORK: readonly Policy[] = [
  {
    name: 'network-policy',
    sentence: "Every pod's traffic is restricted in both directions.",
    whole: true,
    check: (manifest, all) => {
      const template = podTemplate(manifest);
      if (!template) return [];
      const selecting = sameNamespace(manifest, all).filter(
        ({ kind, spec }) =>
          kind === 'NetworkPolicy' && matches(spec?.podSelector?.matchLabels, template.metadata.labels),
      );
      const restricted = selecting.flatMap(directions);
      return ['Ingress', 'Egress']
        .filter((each) => !restricted.includes(each))
        .map((each) => `has no NetworkPolicy for ${each}`);
    },
  },
  {
    name: 'policy-peer-exists',
    sentence: 'NetworkPolicies name pods that exist.',
    whole: true,
    check: (manifest, all) => {
      if (manifest.kind !== 'NetworkPolicy') return [];
      const ours = ourNamespaces(all);
      return peersOf(manifest).flatMap(({ podSelector, namespaceSelector }) => {
        const namespace = namespaceSelector
          ? namespaceSelector.matchLabels?.['kubernetes.io/metadata.name']
          : manifest.metadata?.namespace;
        // An empty selector means every pod. Objects that charts make in other namespaces are not visible here.
        if (!podSelector?.matchLabels || !ours.has(namespace) || BUILT_IN_NAMESPACES.includes(namespace)) return [];
        return podsSelected(all, namespace, podSelector.matchLabels).length > 0
          ? []
          : [`names pods ${JSON.stringify(podSelector.matchLabels)}, of which there are none`];
      });
    },
  },
  {
    name: 'service-has-pods',
    sentence: 'Services select pods that exist.',
    whole: true,
    check: (manifest, all) => {
      const pods = servedPods(manifest, all);
      return pods?.length === 0 ? ['selects no pods'] : [];
    },
  },
  {
    name: 'service-port-by-name',
    sentence: 'Services lead to ports by a name that their pods give.',
    whole: true,
    check: (manifest, all) => {
      const pods = servedPods(manifest, all) ?? [];
      if (pods.length === 0) return [];
      const named = pods.flatMap(portNames);
      return ((manifest.spec?.ports ?? []) as Fields[])
        .filter(({ targetPort }) => typeof targetPort !== 'string' || !named.includes(targetPort))
        .map(
          ({ port, targetPort }) =>
            `leads port ${port} to ${targetPort ?? port}, which ${nameOf(pods[0]!)} does not name`,
        );
    },
  },
  {
    name: 'no-node-port',
    sentence: 'Services use no port of the nodes.',
    check: ({ kind, spec }) => (kind === 'Service' && spec?.type === 'NodePort' ? ['is a NodePort'] : []),
  },
  {
    name: 'ingress-tls',
    sentence: 'Ingresses use TLS, and lead to a Service that exists.',
    whole: true,
    check: (manifest, all) => {
      if (manifest.kind !== 'Ingress') return [];
      const { tls = [], rules = [] } = manifest.spec ?? {};
      const services = sameNamespace(manifest, all).filter(({ kind }) => kind === 'Service');
      const paths = (rules as Fields[]).flatMap(({ http }) => (http?.paths ?? []) as Fields[]);
      const dangling = paths
        .map(({ backend }) => backend?.service?.name)
        .filter((name) => name && !services.some(({ metadata }) => metadata?.name === name));
      return [
        ...(tls.length === 0 ? ['has no tls'] : []),
        ...dangling.map((name) => `leads to the Service ${name}, which does not exist`),
      ];
    },
  },
  {
    name: 'monitor-has-target',
    sentence: 'ServiceMonitors and PodMonitors match something that exists.',
    whole: true,
    check: (manifest, all) => {
      const wanted = manifest.spec?.selector?.matchLabels;
      const near = sameNamespace(manifest, all);
      if (manifest.kind === 'ServiceMonitor') {
        const found = near.some(({ kind, metadata }) => kind === 'Service' && matches(wanted, metadata?.labels));
        return found ? [] : ['monitors no Service'];
      }
      if (manifest.kind !== 'PodMonitor' || !ourNamespaces(all).has(manifest.metadata?.namespace)) return [];
      return podsSelected(all, manifest.metadata?.namespace, wanted).length > 0 ? [] : ['monitors no pods'];
    },
  },
];
