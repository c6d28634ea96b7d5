// Policies in a form for tests: one line per opening.
import type { PolicySpecs } from '../chart-rules.ts';
import type { PolicySpec } from '../rule.ts';

interface Labels {
  matchLabels?: Record<string, string>;
}
interface Peer {
  podSelector?: Labels;
  namespaceSelector?: Labels;
  ipBlock?: { cidr: string };
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: number; protocol: string }[];
}
interface Policy {
  podSelector: Labels;
  policyTypes: string[];
  ingress?: Rule[];
  egress?: Rule[];
}

/** A policy of the specs as plain data. Fails when none has the name. */
export const plain = (specs: PolicySpecs, name: string): Policy => {
  const spec: PolicySpec | undefined = specs[name];
  if (spec === undefined) throw new Error(`There is no policy ${name}, but ${Object.keys(specs).join(', ')}.`);
  return spec as unknown as Policy;
};

function nameOf({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock) return ipBlock.cidr;
  const labels = podSelector?.matchLabels;
  const pods = labels === undefined ? '*' : (labels['app.kubernetes.io/name'] ?? Object.values(labels).join());
  if (namespaceSelector === undefined) return pods;
  return `${namespaceSelector.matchLabels?.['kubernetes.io/metadata.name'] ?? '*'}/${pods}`;
}

const openings = (rules: readonly Rule[] = [], side: 'from' | 'to'): string[] =>
  rules.flatMap((rule) =>
    (rule[side] ?? [undefined]).flatMap((peer) => {
      const name = peer === undefined ? 'anywhere' : nameOf(peer);
      return (rule.ports ?? [{ port: '*' }]).map(({ port }) => `${name}:${port}`);
    }),
  );

/** The allowed sources: `namespace/pods:port`, without the namespace where it is the same. */
export const comes = (specs: PolicySpecs, name: string): string[] => openings(plain(specs, name).ingress, 'from');

/** The allowed destinations of the pods. */
export const goes = (specs: PolicySpecs, name: string): string[] => openings(plain(specs, name).egress, 'to');
