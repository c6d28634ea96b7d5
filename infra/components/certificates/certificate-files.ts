import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { fromCheckout } from '../../config/config.ts';
import { labels } from '../labels.ts';
import { TRUST, TRUST_KEY } from './certificate-chain.ts';
import { type Pair, readCertificateDirectory } from './certificate-directory.ts';
import type { CertificateSet, CertificatesArgs, TrustSource } from './certificate-set.ts';
import { type Leaf, secretOf } from './certificate-set.ts';

/** Certificates from a directory, for clusters without cert-manager. You renew them by writing new files. */
export class CertificateFiles extends pulumi.ComponentResource implements CertificateSet {
  readonly edgeSecret: pulumi.Output<string>;
  readonly redisSecret: pulumi.Output<string>;
  readonly metricsApiSecret: pulumi.Output<string>;
  readonly trust: TrustSource;
  readonly rootCertificate: pulumi.Output<string>;

  constructor(name: string, { config, namespace }: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:CertificateFiles', name, {}, opts);
    const { roots, leaves } = readCertificateDirectory(fromCheckout(config.certificatesDir), config);
    const secret = (leaf: Leaf) => makeSecret(this, leaf, leaves[leaf], namespace);
    const trust = new kubernetes.core.v1.ConfigMap(
      TRUST,
      { metadata: { name: TRUST, namespace, labels: labels('trust') }, data: { [TRUST_KEY]: roots } },
      { parent: this },
    );

    this.edgeSecret = secret('edge');
    this.redisSecret = secret('redis');
    this.metricsApiSecret = secret('metrics-api');
    this.trust = { configMap: trust.metadata.name, key: TRUST_KEY };
    this.rootCertificate = pulumi.output(roots);
    this.registerOutputs({ rootCertificate: this.rootCertificate });
  }
}

function makeSecret(
  parent: CertificateFiles,
  leaf: Leaf,
  { chain, key }: Pair,
  namespace: pulumi.Input<string>,
): pulumi.Output<string> {
  const made = new kubernetes.core.v1.Secret(
    `gridlock-${leaf}`,
    {
      metadata: { name: secretOf(leaf), namespace, labels: labels('certificates') },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': chain, 'tls.key': pulumi.secret(key) },
    },
    { parent },
  );
  return made.metadata.name;
}
