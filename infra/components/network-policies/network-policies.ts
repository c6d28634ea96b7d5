import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../labels.ts';
import type { PartArgs } from '../part.ts';
import type { PolicySpecs } from './chart-rules.ts';
import { type ClusterRulesArgs, clusterRules } from './cluster-rules.ts';

export interface NetworkPoliciesArgs extends PartArgs, Omit<ClusterRulesArgs, 'cluster'> {}

/**
 * Closes the pods of a cluster in both directions, and opens what its parts need. A Kubernetes cluster whose network
 * has no support for policies accepts and ignores them.
 */
export class NetworkPolicies extends pulumi.ComponentResource {
  readonly policies: readonly kubernetes.networking.v1.NetworkPolicy[];

  constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:NetworkPolicies', name, {}, opts);
    const cluster = args.cluster ?? name;
    this.policies = makePolicies(this, name, { ...args, cluster, specs: clusterRules({ ...args, cluster }) });
    this.registerOutputs({});
  }
}

export interface NamespacePoliciesArgs extends PartArgs {
  /** The rules from `certManagerRules` or `kedaRules`. */
  readonly specs: PolicySpecs;
}

/** The policies of a namespace that a chart is installed into. */
export class NamespacePolicies extends pulumi.ComponentResource {
  readonly policies: readonly kubernetes.networking.v1.NetworkPolicy[];

  constructor(name: string, args: NamespacePoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:NamespacePolicies', name, {}, opts);
    this.policies = makePolicies(this, name, { ...args, cluster: args.cluster ?? name });
    this.registerOutputs({});
  }
}

type PoliciesArgs = NamespacePoliciesArgs & { readonly cluster: string };

const makePolicies = (parent: pulumi.Resource, name: string, { namespace, cluster, specs }: PoliciesArgs) =>
  Object.entries(specs).map(
    ([policy, spec]) =>
      new kubernetes.networking.v1.NetworkPolicy(
        `${name}-${policy}`,
        { metadata: { name: policy, namespace, labels: labelsOf({ cluster, part: 'network-policy' }) }, spec },
        { parent },
      ),
  );
