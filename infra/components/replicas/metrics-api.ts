import type { types } from '@pulumi/kubernetes';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { GROUP, VERSIONS } from '../../../services/metrics-api/discovery.ts';
import { containerSecurity, isolatedPod, overNodes, podSecurity, resources, SECRET_MODE } from '../hardening.ts';
import { labels, selector } from '../labels.ts';
import { serviceHost } from '../redis/redis-connection.ts';

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
  readonly deployment: kubernetes.apps.v1.Deployment;
  /** The API versions as the cluster knows them. */
  readonly apiServices: readonly kubernetes.apiregistration.v1.APIService[];

  constructor(name: string, args: MetricsApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:MetricsApi', name, {}, opts);
    const { namespace } = args;
    const metadata = { name: METRICS_API, namespace, labels: labels(METRICS_API) };
    const child = { parent: this };

    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata, automountServiceAccountToken: false },
      child,
    );
    const rights = this.#rights(name, namespace);
    this.deployment = this.#deployment(name, args, [account, ...rights]);
    const service = new kubernetes.core.v1.Service(
      name,
      {
        metadata,
        spec: { selector: selector(METRICS_API), ports: [{ name: 'https', port: 443, targetPort: 'https' }] },
      },
      child,
    );
    new kubernetes.policy.v1.PodDisruptionBudget(
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
        new kubernetes.apiregistration.v1.APIService(
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
    const role = new kubernetes.rbac.v1.Role(
      name,
      { metadata, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] },
      child,
    );
    const binding = new kubernetes.rbac.v1.RoleBinding(
      name,
      {
        metadata,
        subjects,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: METRICS_API },
      },
      { ...child, dependsOn: role },
    );
    const authentication = new kubernetes.rbac.v1.RoleBinding(
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

  #deployment(name: string, args: MetricsApiArgs, dependsOn: pulumi.Resource[]): kubernetes.apps.v1.Deployment {
    const { namespace, image, certificateSecret } = args;
    return new kubernetes.apps.v1.Deployment(
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

export const METRICS_API = 'metrics-api';
/** Port of the container; the Service has 443, as the API server expects. */
export const METRICS_API_PORT = 8443;
const TLS_DIRECTORY = '/etc/gridlock/tls';
const ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What its certificate must name: the API server asks for the Service by its first name. */
export const metricsApiDnsNames = (namespace: string): string[] => {
  const host = serviceHost(METRICS_API, namespace);
  return [host, `${host}.cluster.local`];
};

export interface MetricsApiPodOptions {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly certificateSecret: pulumi.Input<string>;
}

/**
 * The token of the service account, renewed every hour; mounted here alone instead of in every pod of the
 * account.
 */
const accountVolume = {
  name: 'account',
  projected: {
    defaultMode: SECRET_MODE,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ],
  },
};

const probes = {
  startupProbe: {
    httpGet: { path: '/healthz', port: 'https', scheme: 'HTTPS' },
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 60,
  },
  livenessProbe: {
    httpGet: { path: '/healthz', port: 'https', scheme: 'HTTPS' },
    periodSeconds: 15,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 'https', scheme: 'HTTPS' },
    periodSeconds: 5,
    timeoutSeconds: 2,
    failureThreshold: 2,
  },
};

/** The pod of the metrics API: the game's image, started at another file. */
export function metricsApiPod({
  namespace,
  image,
  certificateSecret,
}: MetricsApiPodOptions): types.input.core.v1.PodSpec {
  return {
    serviceAccountName: METRICS_API,
    ...isolatedPod,
    securityContext: podSecurity,
    terminationGracePeriodSeconds: 20,
    ...overNodes(selector(METRICS_API)),
    containers: [
      {
        name: METRICS_API,
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['/app/metrics-api.mjs'],
        env: [
          { name: 'NAMESPACE', value: namespace },
          { name: 'PORT', value: String(METRICS_API_PORT) },
          { name: 'TLS_DIRECTORY', value: TLS_DIRECTORY },
          { name: 'ACCOUNT_DIRECTORY', value: ACCOUNT_DIRECTORY },
        ],
        ports: [{ name: 'https', containerPort: METRICS_API_PORT }],
        ...probes,
        lifecycle: { preStop: { sleep: { seconds: 5 } } },
        resources: resources(['20m', '96Mi'], ['500m', '192Mi']),
        securityContext: containerSecurity,
        volumeMounts: [
          { name: 'tls', mountPath: TLS_DIRECTORY, readOnly: true },
          { name: 'account', mountPath: ACCOUNT_DIRECTORY, readOnly: true },
        ],
      },
    ],
    volumes: [
      {
        name: 'tls',
        secret: {
          secretName: certificateSecret,
          defaultMode: SECRET_MODE,
          items: ['tls.crt', 'tls.key'].map((key) => ({ key, path: key })),
        },
      },
      accountVolume,
    ],
  };
}
