import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { GROUP, VERSIONS } from '../../services/metrics-api/discovery.ts';
import { labels, selector } from './labels.ts';
import { METRICS_API, metricsApiPod } from './metrics-api-pod.ts';

export interface MetricsApiArgs {
  /** Namespace of the game, the one it answers for. */
  readonly namespace: pulumi.Input<string>;
  /** Image of the game, which the metrics API is part of. */
  readonly image: pulumi.Input<string>;
  /** Secret with the certificate for `metricsApiDnsNames`. */
  readonly certificateSecret: pulumi.Input<string>;
  /** PEM of every root that certificate may come from: what the API server trusts. */
  readonly roots: pulumi.Input<string>;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * Serves the sockets of each replica to the autoscaler as custom.metrics.k8s.io. It may list the pods of its
 * own namespace and read whom the API server is known by, and nothing else.
 */
export class MetricsApi extends pulumi.ComponentResource {
  readonly deployment: k8s.apps.v1.Deployment;
  /** The API versions as the cluster knows them. */
  readonly apiServices: readonly k8s.apiregistration.v1.APIService[];

  constructor(name: string, args: MetricsApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:MetricsApi', name, {}, opts);
    const { namespace } = args;
    const metadata = { name: METRICS_API, namespace, labels: labels(METRICS_API) };
    const child = { parent: this };

    const account = new k8s.core.v1.ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child);
    const rights = this.#rights(name, namespace);
    this.deployment = this.#deployment(name, args, [account, ...rights]);
    const service = new k8s.core.v1.Service(
      name,
      {
        metadata,
        spec: { selector: selector(METRICS_API), ports: [{ name: 'https', port: 443, targetPort: 'https' }] },
      },
      child,
    );
    new k8s.policy.v1.PodDisruptionBudget(
      name,
      {
        metadata,
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: selector(METRICS_API) },
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      },
      child,
    );
    this.apiServices = VERSIONS.map(
      (version, index) =>
        new k8s.apiregistration.v1.APIService(
          `${name}-${version}`,
          {
            metadata: { name: `${version}.${GROUP}`, labels: labels(METRICS_API) },
            spec: {
              group: GROUP,
              version,
              groupPriorityMinimum: 100,
              // The highest is the preferred one.
              versionPriority: 100 * (VERSIONS.length - index),
              service: { name: METRICS_API, namespace, port: 443 },
              caBundle: pulumi.output(args.roots).apply(base64),
            },
          },
          { ...child, dependsOn: [service, this.deployment] },
        ),
    );
    this.registerOutputs({ service: service.metadata.name });
  }

  /** Roles, as narrow as it works. */
  #rights(name: string, namespace: pulumi.Input<string>): pulumi.Resource[] {
    const child = { parent: this };
    const metadata = { name: METRICS_API, namespace, labels: labels(METRICS_API) };
    const subjects = [{ kind: 'ServiceAccount', name: METRICS_API, namespace }];
    const role = new k8s.rbac.v1.Role(
      name,
      { metadata, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] },
      child,
    );
    const binding = new k8s.rbac.v1.RoleBinding(
      name,
      {
        metadata,
        subjects,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: METRICS_API },
      },
      { ...child, dependsOn: role },
    );
    const authentication = new k8s.rbac.v1.RoleBinding(
      `${name}-authentication`,
      {
        // One a namespace of ours, as all of them are in kube-system.
        metadata: {
          name: pulumi.interpolate`${namespace}-${METRICS_API}-authentication`,
          namespace: 'kube-system',
          labels: labels(METRICS_API),
        },
        subjects,
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'Role',
          name: 'extension-apiserver-authentication-reader',
        },
      },
      child,
    );
    return [binding, authentication];
  }

  #deployment(name: string, args: MetricsApiArgs, dependsOn: pulumi.Resource[]): k8s.apps.v1.Deployment {
    const { namespace, image, certificateSecret } = args;
    return new k8s.apps.v1.Deployment(
      name,
      {
        metadata: { name: METRICS_API, namespace, labels: labels(METRICS_API) },
        spec: {
          // It holds nothing; two, so that a node less does not stop the autoscaler.
          replicas: 2,
          minReadySeconds: 2,
          revisionHistoryLimit: 5,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          selector: { matchLabels: selector(METRICS_API) },
          template: {
            metadata: { labels: labels(METRICS_API) },
            spec: metricsApiPod({ namespace, image, certificateSecret }),
          },
        },
      },
      { parent: this, dependsOn },
    );
  }
}
