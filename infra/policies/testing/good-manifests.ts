// A set of manifests that breaks no policy, to plant faults into.
import type { Fields, Manifest } from '../manifest.ts';

/** A value that a test may change. */
export type Loose = Record<string, any>;

const GOOD_LABELS = {
  'app.kubernetes.io/name': 'web',
  'app.kubernetes.io/component': 'web',
  'app.kubernetes.io/instance': 'gridlock',
  'app.kubernetes.io/part-of': 'gridlock',
  'app.kubernetes.io/managed-by': 'pulumi',
};
const selected = { 'app.kubernetes.io/name': 'web', 'app.kubernetes.io/component': 'web' };
const metadata = () => ({ name: 'web', namespace: 'gridlock', labels: { ...GOOD_LABELS } });
const sizes = () => ({ cpu: '1', memory: '64Mi', 'ephemeral-storage': '16Mi' });
const ask = (path: string): Fields => ({ httpGet: { path, port: 'http' } });

const container = (): Fields => ({
  name: 'web',
  image: 'web:1',
  imagePullPolicy: 'Always',
  env: [{ name: 'PASSWORD_FILE', value: '/secrets/password' }],
  ports: [{ name: 'http', containerPort: 8080 }],
  resources: { requests: sizes(), limits: sizes() },
  startupProbe: ask('/healthz'),
  livenessProbe: ask('/healthz'),
  readinessProbe: ask('/readyz'),
  securityContext: {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  },
});

const podSpec = (): Fields => ({
  serviceAccountName: 'web',
  automountServiceAccountToken: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 10_001,
    runAsGroup: 10_001,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname' }],
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }] } },
  containers: [container()],
});

/** A fresh set, by kind. */
export function goodManifests(): Record<string, Loose> {
  const objects: Manifest[] = [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(),
      spec: {
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
        selector: { matchLabels: { ...selected } },
        template: { metadata: { labels: { ...GOOD_LABELS } }, spec: podSpec() },
      },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata() },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(),
      spec: { selector: { ...selected }, ports: [{ port: 80, targetPort: 'http' }] },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadata(),
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 3, maxReplicas: 6 },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(),
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: { ...selected } },
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata(),
      spec: {
        podSelector: { matchLabels: { ...selected } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { ...selected } } }] }],
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: metadata(),
      spec: {
        tls: [{ secretName: 'web-tls' }],
        rules: [{ http: { paths: [{ backend: { service: { name: 'web' } } }] } }],
      },
    },
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: metadata(),
      spec: { selector: { matchLabels: { ...selected } } },
    },
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: metadata(),
      spec: { selector: { matchLabels: { ...selected } } },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: metadata(),
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: metadata(),
      roleRef: { kind: 'Role', name: 'web' },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: metadata(),
      spec: {
        ttlSecondsAfterFinished: 60,
        template: { metadata: { labels: { ...GOOD_LABELS } }, spec: podSpec() },
      },
    },
  ];
  return Object.fromEntries(structuredClone(objects).map((object) => [object.kind, object as Loose]));
}
