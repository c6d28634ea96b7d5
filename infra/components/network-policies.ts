import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../config.ts';
import { labels } from './labels.ts';
import { networkRules } from './network-rules.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface NetworkPoliciesArgs {
  readonly config: Config;
  /** Namespace of the game, which is shut. */
  readonly namespace: pulumi.Input<string>;
  /** Where the replicas connect to. */
  readonly redis: Pick<RedisConnection, 'ports'>;
}

/**
 * Shuts the game's namespace in both directions and opens what the parts need of each other. A cluster whose
 * network knows no policies takes them, and ignores them.
 */
export class NetworkPolicies extends pulumi.ComponentResource {
  readonly policies: readonly k8s.networking.v1.NetworkPolicy[];

  constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:NetworkPolicies', name, {}, opts);
    const { config, namespace, redis } = args;
    this.policies = Object.entries(networkRules(config, redis.ports)).map(
      ([policy, spec]) =>
        new k8s.networking.v1.NetworkPolicy(
          `${name}-${policy}`,
          { metadata: { name: policy, namespace, labels: labels('network-policy', policy) }, spec },
          { parent: this },
        ),
    );
    this.registerOutputs({});
  }
}
