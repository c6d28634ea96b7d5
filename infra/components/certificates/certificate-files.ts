import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../labels.ts';
import type { PartArgs } from '../part.ts';
import { TRUST_KEY } from './certificate-chain.ts';
import type { CertificateSet, Leaf, TrustSource } from './certificate-set.ts';

/** A certificate with its chain, and its key. */
export interface Pair {
  /** The leaf and the certificates between it and its root, as PEM. */
  readonly chain: pulumi.Input<string>;
  /** As PEM; it becomes a Secret. */
  readonly key: pulumi.Input<string>;
}

export interface CertificateFilesArgs extends PartArgs {
  /** All accepted roots as PEM. */
  readonly roots: pulumi.Input<string>;
  readonly edge: Pair;
  /** The pair of Redis, where the cluster has its own. */
  readonly redis?: Pair | undefined;
}

/** Your own certificates, for clusters without cert-manager. You renew them by giving new ones. */
export class CertificateFiles extends pulumi.ComponentResource implements CertificateSet {
  readonly edgeSecret: pulumi.Output<string>;
  readonly redisSecret: pulumi.Output<string> | undefined;
  readonly trust: TrustSource;
  readonly rootCertificate: pulumi.Output<string>;

  constructor(name: string, args: CertificateFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:CertificateFiles', name, {}, opts);
    const { namespace, cluster = name, roots, edge, redis } = args;
    // The names differ from cert-manager's, because both Secrets exist for a moment when one replaces the other.
    const metadataOf = (suffix: string) => ({
      name: `${cluster}-files-${suffix}`,
      namespace,
      labels: labelsOf({ cluster, part: 'certificates' }),
    });
    const secret = (leaf: Leaf, { chain, key }: Pair) =>
      new kubernetes.core.v1.Secret(
        `${name}-${leaf}`,
        {
          metadata: metadataOf(`${leaf}-tls`),
          type: 'kubernetes.io/tls',
          stringData: { 'tls.crt': chain, 'tls.key': pulumi.secret(key) },
        },
        { parent: this },
      ).metadata.name;
    const trust = new kubernetes.core.v1.ConfigMap(
      `${name}-roots`,
      { metadata: metadataOf('roots'), data: { [TRUST_KEY]: roots } },
      { parent: this },
    );

    this.edgeSecret = secret('edge', edge);
    this.redisSecret = redis && secret('redis', redis);
    this.trust = { configMap: trust.metadata.name, key: TRUST_KEY };
    this.rootCertificate = pulumi.output(roots);
    this.registerOutputs({ rootCertificate: this.rootCertificate });
  }
}
