import * as command from '@pulumi/command';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type ChartPlace, mirrored } from '../artifacts.ts';
import { containerSecurity, resources } from '../hardening.ts';
import { Namespace } from '../namespace.ts';
import { certManagerRules } from '../network-policies/chart-rules.ts';
import { NamespacePolicies } from '../network-policies/network-policies.ts';
import type { PodPlace } from '../network-policies/rule.ts';

/** Namespace of cert-manager and trust-manager, and of the keys of roots and intermediates. */
export const CERT_MANAGER = 'cert-manager';

export interface CertManagerArgs {
  /** Where cert-manager is installed from; default: the Kubernetes cluster has it. */
  readonly certManager?: ChartPlace | undefined;
  /** Where trust-manager is installed from; default: the Kubernetes cluster has it. */
  readonly trustManager?: ChartPlace | undefined;
  /** A registry and path that every image comes from; default: the charts' own registries. */
  readonly imageMirror?: string | undefined;
  /** Pods of each part; default: 2. */
  readonly replicas?: number;
  /** Lets cert-manager sign in to Azure by workload identity, which a challenge in Azure DNS without a secret needs. */
  readonly azureIdentity?: boolean;
  /** Whether cert-manager proves names to an ACME authority, and may connect to it. Default: false. */
  readonly acme?: boolean;
  /** The pods that read its metrics; undefined: none. */
  readonly prometheus?: PodPlace | undefined;
}

/**
 * cert-manager and trust-manager, each unless the Kubernetes cluster has it already. A namespace that is made for them
 * is closed except for what they need.
 */
export class CertManager extends pulumi.ComponentResource {
  /** The resources that must exist before a Certificate or an Issuer can be made. */
  readonly certificates: pulumi.Resource[];
  /** The resources that must exist before a Bundle can be made. */
  readonly bundles: pulumi.Resource[];

  constructor(name: string, args: CertManagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:CertManager', name, {}, opts);
    const { certManager, trustManager } = args;
    const namespace = certManager === undefined ? [] : [shutNamespace(this, name, args)];
    this.certificates = certManager === undefined ? [] : [release(this, certManager, args, namespace)];
    const after = [...namespace, ...this.certificates];
    this.bundles =
      trustManager === undefined ? after : [webhookPause(this, trustRelease(this, trustManager, args, after))];
    this.registerOutputs();
  }
}

function shutNamespace(parent: CertManager, name: string, args: CertManagerArgs): Namespace {
  const namespace = new Namespace(`${name}-namespace`, { name: CERT_MANAGER, level: 'restricted' }, { parent });
  new NamespacePolicies(
    `${name}-policies`,
    { namespace: namespace.metadataName, cluster: CERT_MANAGER, specs: certManagerRules(args) },
    { parent },
  );
  return namespace;
}

// The first start pulls images and waits for a webhook to answer.
const TIMEOUT_SECONDS = 600;

/** The limits of each container of cert-manager, in the form of its chart. */
const held = (cpu: string, memory: string, most: string) => ({
  resources: resources([cpu, memory], ['1', most]),
  containerSecurityContext: containerSecurity,
});

/** What a pod needs for workload identity; the name of the identity is in the challenge. */
const azureLabels = { 'azure.workload.identity/use': 'true' };

function release(
  parent: CertManager,
  chart: ChartPlace,
  { imageMirror = '', replicas: replicaCount = 2, azureIdentity = false }: CertManagerArgs,
  dependsOn: pulumi.Resource[],
) {
  const common = { replicaCount, podDisruptionBudget: { enabled: replicaCount > 1 } };
  return new kubernetes.helm.v3.Release(
    CERT_MANAGER,
    {
      ...chart,
      name: CERT_MANAGER,
      namespace: CERT_MANAGER,
      timeout: TIMEOUT_SECONDS,
      values: {
        ...common,
        // Kept when the release is removed: removing them would remove the Certificates of others too.
        crds: { enabled: true, keep: true },
        global: { leaderElection: { namespace: CERT_MANAGER } },
        imageRegistry: mirrored({ imageMirror }, 'quay.io'),
        // A root that is retired takes its key with it.
        enableCertificateOwnerRef: true,
        ...(azureIdentity ? { podLabels: azureLabels, serviceAccount: { labels: azureLabels } } : {}),
        ...held('10m', '64Mi', '256Mi'),
        webhook: { ...common, ...held('10m', '32Mi', '128Mi') },
        cainjector: { ...common, ...held('10m', '64Mi', '512Mi') },
        startupapicheck: held('10m', '32Mi', '128Mi'),
      },
    },
    { parent, dependsOn },
  );
}

function trustRelease(
  parent: CertManager,
  chart: ChartPlace,
  { imageMirror = '', replicas: replicaCount = 2 }: CertManagerArgs,
  dependsOn: pulumi.Resource[],
) {
  return new kubernetes.helm.v3.Release(
    'trust-manager',
    {
      ...chart,
      name: 'trust-manager',
      namespace: CERT_MANAGER,
      timeout: TIMEOUT_SECONDS,
      values: {
        replicaCount,
        podDisruptionBudget: { enabled: replicaCount > 1 },
        crds: { enabled: true, keep: true },
        imageRegistry: mirrored({ imageMirror }, 'quay.io'),
        // Our bundle has only our roots, so no image with public roots is needed.
        defaultPackage: { enabled: false },
        app: { trust: { namespace: CERT_MANAGER }, securityContext: containerSecurity },
        resources: resources(['10m', '32Mi'], ['1', '128Mi']),
      },
    },
    { parent, dependsOn },
  );
}

// On an idle machine a Bundle came before the nodes knew where a ready webhook is: `connection refused`. The API server
// does not announce when they do, and the provider does not try again.
const WEBHOOK_SECONDS = 5;

/** Passes once, when trust-manager is installed. */
const webhookPause = (parent: CertManager, dependsOn: pulumi.Resource) =>
  new command.local.Command('trust-manager-webhook', { create: `sleep ${WEBHOOK_SECONDS}` }, { parent, dependsOn });
