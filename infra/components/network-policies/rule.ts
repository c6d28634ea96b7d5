// The building blocks of a NetworkPolicy.
import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { namespaceNamed } from '../labels.ts';

export type PolicySpec = types.input.networking.v1.NetworkPolicySpec;
export type IngressRule = types.input.networking.v1.NetworkPolicyIngressRule;
export type EgressRule = types.input.networking.v1.NetworkPolicyEgressRule;
type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Port = types.input.networking.v1.NetworkPolicyPort;

/** Pods by their labels, or all of a namespace. */
export interface PodPlace {
  /** Default: every pod. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: the namespace of the policy; `*`: any. */
  readonly namespace?: pulumi.Input<string>;
}

const tcp = (ports: readonly number[]): Port[] => ports.map((port) => ({ protocol: 'TCP', port }));

function peer({ labels, namespace }: PodPlace): Peer {
  return {
    ...(namespace === undefined ? {} : { namespaceSelector: namespace === '*' ? {} : namespaceNamed(namespace) }),
    ...(labels === undefined && namespace !== undefined ? {} : { podSelector: labels ? { matchLabels: labels } : {} }),
  };
}

/** Admits these pods to TCP ports. */
export const from = (places: readonly PodPlace[], ...ports: readonly number[]): IngressRule => ({
  from: places.map(peer),
  ports: tcp(ports),
});

/** Admits every source to TCP ports: clients, or the API server, which is not a pod. */
export const fromAnywhere = (...ports: readonly number[]): IngressRule => ({ ports: tcp(ports) });

/** Opens the way to TCP ports of these pods. */
export const to = (places: readonly PodPlace[], ...ports: readonly number[]): EgressRule => ({
  to: places.map(peer),
  ports: tcp(ports),
});

/** Opens the way to TCP ports wherever they are. */
export const toAnywhere = (...ports: readonly number[]): EgressRule => ({ ports: tcp(ports) });

/** A policy on pods of its namespace. It closes each given direction, except for the rules. */
export const policyOn = (
  labels: Readonly<Record<string, string>> | undefined,
  { ingress, egress }: { ingress?: IngressRule[]; egress?: EgressRule[] },
): PolicySpec => ({
  podSelector: labels === undefined ? {} : { matchLabels: labels },
  policyTypes: [...(ingress ? ['Ingress'] : []), ...(egress ? ['Egress'] : [])],
  ...(ingress ? { ingress } : {}),
  ...(egress ? { egress } : {}),
});

/** Closes pods both ways; other policies define the openings. */
export const denial = (labels?: Readonly<Record<string, string>>): PolicySpec => ({
  podSelector: labels === undefined ? {} : { matchLabels: labels },
  policyTypes: ['Ingress', 'Egress'],
});

/** The API server is not a pod, and its address differs from cluster to cluster: only its ports are known. */
export const API_SERVER: EgressRule = toAnywhere(443, 6443);

const KUBE_SYSTEM = { namespaceSelector: namespaceNamed('kube-system') };
const DNS_PORTS = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];

/**
 * The cluster's DNS. Every distribution labels it kube-dns, whichever server it is. Where each node has a cache
 * (NodeLocal DNSCache), pods ask that: a pod on the host's network, at the same address on every node.
 */
export const DNS: EgressRule = {
  to: [
    { ...KUBE_SYSTEM, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
    { ...KUBE_SYSTEM, podSelector: { matchLabels: { 'k8s-app': 'node-local-dns' } } },
    { ipBlock: { cidr: '169.254.20.10/32' } },
  ],
  ports: DNS_PORTS,
};

/** Public name servers, which cert-manager asks whether the DNS record of a challenge exists. */
export const PUBLIC_DNS: EgressRule = { ports: DNS_PORTS };
