import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../config.ts';
import type { CertificateSet } from './certificates.ts';
import { IngressController } from './ingress-controller.ts';
import { HaproxyEdge } from './ingress-haproxy.ts';

export interface EdgeArgs {
  readonly config: Config;
  /** Namespace of the game. */
  readonly namespace: pulumi.Input<string>;
  /** The replicas: a Service, and one with an address for each. */
  readonly game: { readonly service: pulumi.Input<string>; readonly headlessService: pulumi.Input<string> };
  readonly certificates: Pick<CertificateSet, 'edgeSecret'>;
  /** Image of the game, which has the certificate agent too. */
  readonly image: pulumi.Input<string>;
}

/** The way into the cluster. */
export interface Edge {
  /** Where people play, known once the edge serves. */
  readonly url: pulumi.Output<string>;
  /** Name or address of the load balancer, for the host's DNS entry; loopback on kind. */
  readonly address: pulumi.Output<string>;
}

/**
 * The edge as the configuration wants it: the ingress controller, or a plain HAProxy; both behave the same.
 */
export const createEdge = (name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions): Edge =>
  args.config.ingress === 'controller' ? new IngressController(name, args, opts) : new HaproxyEdge(name, args, opts);
