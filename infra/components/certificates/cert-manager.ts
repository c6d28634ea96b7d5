import * as command from '@pulumi/command';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { chartPlace, mirrored } from '../artifacts.ts';
import { Namespace } from '../namespace.ts';

/** Namespace of cert-manager and trust-manager, and of the keys of roots and intermediates. */
export const CERT_MANAGER = 'cert-manager';

export interface CertManagerArgs {
  /** Which charts are installed and from where, how many replicas there are, and the mirror of images. */
  readonly config: Pick<Config, 'charts' | 'cluster' | 'imageMirror'>;
}

/** cert-manager and trust-manager, each unless the cluster has it already. */
export class CertManager extends pulumi.ComponentResource {
  /** What has to be there before a Certificate or an Issuer can be made. */
  readonly certificates: pulumi.Resource[];
  /** What has to be there before a Bundle can be made. */
  readonly bundles: pulumi.Resource[];

  constructor(name: string, { config }: CertManagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:CertManager', name, {}, opts);
    const { certManager, trustManager } = config.charts;
    const parent = { parent: this };

    const namespace = certManager.install
      ? [new Namespace(`${name}-namespace`, { name: CERT_MANAGER, level: 'restricted' }, parent)]
      : [];
    this.certificates = certManager.install ? [release(this, config, namespace)] : [];
    const after = [...namespace, ...this.certificates];
    this.bundles = trustManager.install ? [webhookPause(this, trustRelease(this, config, after))] : after;
    this.registerOutputs();
  }
}

// The first start pulls images and waits for a webhook to answer.
const TIMEOUT_SECONDS = 600;

const size = (cpu: string, memory: string, most: string) => ({
  requests: { cpu, memory },
  limits: { memory: most },
});

// One of each will do on a laptop; elsewhere no node may take the last one with it.
const replicasOf = ({ cluster }: CertManagerArgs['config']) => (cluster === 'kind' ? 1 : 2);

function release(parent: CertManager, config: CertManagerArgs['config'], dependsOn: pulumi.Resource[]) {
  const replicaCount = replicasOf(config);
  const common = { replicaCount, podDisruptionBudget: { enabled: replicaCount > 1 } };
  return new kubernetes.helm.v3.Release(
    CERT_MANAGER,
    {
      ...chartPlace(config, 'certManager'),
      name: CERT_MANAGER,
      namespace: CERT_MANAGER,
      timeout: TIMEOUT_SECONDS,
      values: {
        ...common,
        // Kept when the release goes: with them the Certificates of others would go too.
        crds: { enabled: true, keep: true },
        global: { leaderElection: { namespace: CERT_MANAGER } },
        imageRegistry: mirrored(config, 'quay.io'),
        // A root that is retired takes its key with it.
        enableCertificateOwnerRef: true,
        resources: size('10m', '64Mi', '256Mi'),
        webhook: { ...common, resources: size('10m', '32Mi', '128Mi') },
        cainjector: { ...common, resources: size('10m', '64Mi', '512Mi') },
        startupapicheck: { resources: size('10m', '32Mi', '128Mi') },
      },
    },
    { parent, dependsOn },
  );
}

function trustRelease(parent: CertManager, config: CertManagerArgs['config'], dependsOn: pulumi.Resource[]) {
  const replicaCount = replicasOf(config);
  return new kubernetes.helm.v3.Release(
    'trust-manager',
    {
      ...chartPlace(config, 'trustManager'),
      name: 'trust-manager',
      namespace: CERT_MANAGER,
      timeout: TIMEOUT_SECONDS,
      values: {
        replicaCount,
        podDisruptionBudget: { enabled: replicaCount > 1 },
        crds: { enabled: true, keep: true },
        imageRegistry: mirrored(config, 'quay.io'),
        // Our bundle has our roots only: no image with those of the public is needed.
        defaultPackage: { enabled: false },
        app: { trust: { namespace: CERT_MANAGER } },
        resources: size('10m', '32Mi', '128Mi'),
      },
    },
    { parent, dependsOn },
  );
}

// On an idle machine a Bundle came before the nodes knew where a ready webhook is: `connection refused`. The API
// server tells nobody when they do, and the provider does not try again.
const WEBHOOK_SECONDS = 5;

/** Passes once, when trust-manager is installed. */
const webhookPause = (parent: CertManager, dependsOn: pulumi.Resource) =>
  new command.local.Command('trust-manager-webhook', { create: `sleep ${WEBHOOK_SECONDS}` }, { parent, dependsOn });
