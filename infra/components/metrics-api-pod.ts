import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { containerSecurity, isolatedPod, overNodes, podSecurity, resources, SECRET_MODE } from './hardening.ts';
import { selector } from './labels.ts';
import { serviceHost } from './redis-names.ts';

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
