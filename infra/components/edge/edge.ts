import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { type EdgeArgs, type EdgeOutputs, type ExistingControllerArgs, edgeUrl, settingsOf } from './edge-args.ts';
import { balancerAddress, edgeBudget, edgeService } from './edge-service.ts';
import { HaproxyEdge } from './haproxy-edge.ts';
import { ingressBackend } from './ingress-backend.ts';
import { IngressController } from './ingress-controller.ts';

/** The class that HAProxy's ingress controller serves by default. */
const USUAL_CLASS = 'haproxy';

/**
 * The entrance of a WebSocket cluster: TLS, limits, stickiness and drain, by a plain HAProxy, by HAProxy's ingress
 * controller for this cluster alone, or on an existing controller. All behave the same. A running edge can become
 * another kind: the Service stays, and has the pods of both behind it until the old ones are drained.
 */
export class Edge extends pulumi.ComponentResource implements EdgeOutputs {
  readonly url: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Edge', name, {}, opts);
    const cluster = args.cluster ?? name;
    // HAProxy's own default key is the same everywhere, and would reveal the addresses of the replicas.
    const cookieKey = new random.RandomPassword(`${name}-cookie-key`, { length: 40, special: false }, { parent: this })
      .result;
    const made =
      args.kind === 'existing-controller'
        ? onExistingController(this, name, { ...args, cluster, cookieKey })
        : withPods(this, name, { ...args, cluster, cookieKey });
    this.url = made.served.apply(() => edgeUrl(settingsOf(args)));
    this.address = made.address;
    this.registerOutputs({ url: this.url, address: this.address });
  }
}

interface Made {
  /** Known once the edge serves. */
  readonly served: pulumi.Output<unknown>;
  readonly address: pulumi.Output<string>;
}

type Known = { readonly cluster: string; readonly cookieKey: pulumi.Output<string> };

function withPods(parent: Edge, name: string, args: Exclude<EdgeArgs, ExistingControllerArgs> & Known): Made {
  const service = edgeService(name, args, { parent });
  edgeBudget(name, args, { parent });
  const { deployment } =
    args.kind === 'haproxy'
      ? new HaproxyEdge(`${name}-haproxy`, args, { parent })
      : new IngressController(`${name}-controller`, args, { parent });
  return {
    served: pulumi.all([deployment.id, service.id]),
    address: service.status.apply((status) => balancerAddress(status)),
  };
}

function onExistingController(parent: Edge, name: string, args: ExistingControllerArgs & Known): Made {
  const { ingressClass = USUAL_CLASS } = args;
  // Its pods are not ours, so no variable of theirs can hold the key.
  const cookieKey = pulumi.secret(args.cookieKey);
  const ingress = ingressBackend(name, { ...args, ingressClass, cookieKey, shared: true }, { parent });
  return { served: ingress.id, address: ingress.status.apply((status) => balancerAddress(status)) };
}
