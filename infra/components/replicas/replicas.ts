import { createHash } from 'node:crypto';
import type { types } from '@pulumi/kubernetes';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf, selectorOf } from '../labels.ts';
import { type Lifecycle, lifecycle } from './lifecycle.ts';
import { type ContainerPort, containerPorts, DEFAULT_START_SECONDS, namedPort, replicaPod } from './replica-pod.ts';
import type { ReplicasArgs } from './replicas-args.ts';

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/**
 * The replicas of a WebSocket server: interchangeable, replaced one by one, each given the time to send its clients
 * to the others.
 */
export class Replicas extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;
  readonly service: kubernetes.core.v1.Service;
  /** Every ready replica at its own address, for an edge that balances by itself. */
  readonly headlessService: kubernetes.core.v1.Service;
  /** Ports of the container, that of the sockets first. */
  readonly ports: readonly ContainerPort[];
  /** Port of the readiness check. */
  readonly checkPort: ContainerPort;
  readonly #name: string;
  readonly #cluster: string;

  constructor(name: string, args: ReplicasArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Replicas', name, {}, opts);
    this.#name = name;
    this.#cluster = args.cluster ?? name;
    this.ports = containerPorts(args);
    this.checkPort = namedPort(args, (args.readiness ?? args.health)?.port);
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata: this.#metadata(args), automountServiceAccountToken: false },
      { parent: this },
    );
    this.deployment = this.#deployment(args, [account, ...(args.redis?.ready ? [args.redis.ready] : [])]);
    const [sockets, ...others] = this.ports.map(({ name, number }) => ({ name, port: number, targetPort: name }));
    this.service = this.#service(args, '', { ports: [sockets!] });
    this.headlessService = this.#service(args, '-headless', { clusterIP: 'None', ports: [sockets!, ...others] });
    this.#budget(args);
    this.registerOutputs({ service: this.service.metadata.name, port: this.ports[0]!.number });
  }

  /** The selector of the pods. */
  get selector() {
    return selectorOf({ cluster: this.#cluster, part: 'server' });
  }

  #metadata({ namespace }: ReplicasArgs, suffix = '') {
    const labels = labelsOf({ cluster: this.#cluster, part: 'server' });
    return { name: `${this.#cluster}${suffix}`, namespace, labels };
  }

  #service(args: ReplicasArgs, suffix: string, spec: types.input.core.v1.ServiceSpec): kubernetes.core.v1.Service {
    return new kubernetes.core.v1.Service(
      `${this.#name}${suffix}`,
      { metadata: this.#metadata(args, suffix), spec: { selector: this.selector, ...spec } },
      { parent: this },
    );
  }

  #budget(args: ReplicasArgs): void {
    new kubernetes.policy.v1.PodDisruptionBudget(
      this.#name,
      {
        metadata: this.#metadata(args),
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: this.selector },
          // A pod that is not ready serves no clients, and must not block the drain of a node.
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      },
      { parent: this },
    );
  }

  /** Name of the Secret with the secret variables, if there are any. */
  #secret(args: ReplicasArgs): pulumi.Output<string> | undefined {
    if (args.secretEnvironment === undefined) return undefined;
    const secret = new kubernetes.core.v1.Secret(
      `${this.#name}-environment`,
      {
        metadata: this.#metadata(args, '-environment'),
        type: 'Opaque',
        stringData: pulumi.secret(args.secretEnvironment),
      },
      { parent: this },
    );
    return secret.metadata.name;
  }

  /** The annotations of a pod. It reads secrets at the start, so a new one replaces the pods. */
  #annotations({ metrics, redis, secretEnvironment, pod }: ReplicasArgs): Record<string, pulumi.Input<string>> {
    const port = metrics?.port ?? this.ports[0]!.number;
    return {
      ...(metrics === undefined
        ? {}
        : {
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': String(port),
            'prometheus.io/path': metrics.path,
          }),
      ...(redis === undefined ? {} : { 'checksum/redis': redis.checksum }),
      ...(secretEnvironment === undefined
        ? {}
        : { 'checksum/environment': pulumi.unsecret(pulumi.output(secretEnvironment).apply(digest)) }),
      ...pod?.annotations,
    };
  }

  #deployment(args: ReplicasArgs, dependsOn: pulumi.Resource[]): kubernetes.apps.v1.Deployment {
    const { replicas, scaled = false, maxReplicas = replicas } = args;
    const times = lifecycle({
      drainSeconds: args.drain?.seconds ?? 10,
      startSeconds: args.health?.startSeconds ?? DEFAULT_START_SECONDS,
      replicas: scaled ? Math.max(replicas, maxReplicas) : replicas,
    });
    const patience = `${times.rolloutSeconds}s`;
    const metadata = this.#metadata(args);
    return new kubernetes.apps.v1.Deployment(
      this.#name,
      {
        // The number that an autoscaler chose before is kept.
        metadata: { ...metadata, ...(scaled ? {} : { annotations: { 'pulumi.com/patchForce': 'true' } }) },
        spec: { replicas, ...this.#spec(args, times) },
      },
      {
        parent: this,
        dependsOn,
        customTimeouts: { create: patience, update: patience },
        // What the autoscaler decided must not be undone by the next deployment.
        ...(scaled ? { ignoreChanges: ['spec.replicas'] } : {}),
      },
    );
  }

  #spec(args: ReplicasArgs, times: Lifecycle): types.input.apps.v1.DeploymentSpec {
    const options = { name: this.#cluster, cluster: this.#cluster, times, secret: this.#secret(args) };
    return {
      minReadySeconds: times.minReadySeconds,
      progressDeadlineSeconds: times.progressDeadlineSeconds,
      revisionHistoryLimit: 5,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: this.selector },
      template: {
        metadata: {
          labels: { ...labelsOf({ cluster: this.#cluster, part: 'server' }), ...args.pod?.labels },
          annotations: this.#annotations(args),
        },
        spec: replicaPod(args, options),
      },
    };
  }
}
