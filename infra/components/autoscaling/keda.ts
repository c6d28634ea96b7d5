import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type ChartPlace, mirrored } from '../artifacts.ts';
import { containerSecurity, resources } from '../hardening.ts';
import { Namespace } from '../namespace.ts';
import { kedaRules } from '../network-policies/chart-rules.ts';
import { NamespacePolicies } from '../network-policies/network-policies.ts';
import type { PodPlace } from '../network-policies/rule.ts';

/** Namespace and release of KEDA. A cluster has one, because it serves the API of external metrics. */
export const KEDA = 'keda';

export interface KedaArgs {
  readonly chart: ChartPlace;
  /** A registry and path that every image comes from; default: the chart's own registries. */
  readonly imageMirror?: string | undefined;
  /** Pods of each of its three parts; default: 2. */
  readonly replicas?: number;
  /** The pods that read its metrics; undefined: none. */
  readonly prometheus?: PodPlace | undefined;
}

/**
 * KEDA in its own namespace, which is closed except for the traffic that KEDA needs. Its custom resources stay when it
 * is removed.
 */
export class Keda extends pulumi.ComponentResource {
  /** The release that must exist before a ScaledObject can be made. */
  readonly release: kubernetes.helm.v3.Release;

  constructor(name: string, args: KedaArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Keda', name, {}, opts);
    const namespace = new Namespace(`${name}-namespace`, { name: KEDA, level: 'restricted' }, { parent: this });
    new NamespacePolicies(
      `${name}-policies`,
      { namespace: namespace.metadataName, cluster: KEDA, specs: kedaRules(args) },
      { parent: this },
    );
    this.release = new kubernetes.helm.v3.Release(
      name,
      {
        ...args.chart,
        name: KEDA,
        namespace: namespace.metadataName,
        // The first start pulls images and makes certificates.
        timeout: 600,
        values: kedaValues(args),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** The parts of the chart, under their names in its values. */
const perPart = <Value>(operator: Value, metricServer = operator, webhooks = operator) => ({
  operator,
  metricServer,
  webhooks,
});

/** Values of the chart keda. Pure. */
export function kedaValues({
  imageMirror = '',
  replicas = 2,
}: Pick<KedaArgs, 'imageMirror' | 'replicas'>): Record<string, unknown> {
  const security = { ...containerSecurity, seccompProfile: { type: 'RuntimeDefault' } };
  const budget = replicas > 1 ? { maxUnavailable: 1 } : {};
  const probes = (startSeconds: number) => ({
    livenessProbe: { initialDelaySeconds: startSeconds, periodSeconds: 10, failureThreshold: 5 },
    readinessProbe: { initialDelaySeconds: 2, periodSeconds: 3, failureThreshold: 2 },
  });
  return {
    ...(imageMirror === '' ? {} : { global: { image: { registry: mirrored({ imageMirror }, 'ghcr.io') } } }),
    image: { pullPolicy: 'IfNotPresent' },
    // Kept when the release is removed: removing them would remove the ScaledObjects of others too.
    crds: { install: true, additionalAnnotations: { 'helm.sh/resource-policy': 'keep' } },
    operator: { replicaCount: replicas, ...probes(30) },
    metricsServer: { replicaCount: replicas, ...probes(10) },
    webhooks: { replicaCount: replicas, ...probes(30) },
    podDisruptionBudget: perPart(budget),
    // It scales only Deployments and StatefulSets. By default it may read everything, and two of its parts may read
    // every Secret.
    rbac: { enabledCustomScaledRefKinds: false },
    permissions: { operator: { restrict: { secret: true } }, metricServer: { restrict: { secret: true } } },
    securityContext: perPart(security),
    resources: perPart(
      resources(['50m', '96Mi'], ['1', '512Mi']),
      resources(['25m', '64Mi'], ['1', '256Mi']),
      resources(['10m', '48Mi'], ['1', '256Mi']),
    ),
    enableServiceLinks: false,
    // Errors of each ScaledObject.
    prometheus: { operator: { enabled: true } },
  };
}
