import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { scopeOf } from '../names.ts';
import { CertificateChain } from './certificate-chain.ts';
import { issuerResource, leafResource } from './certificate-resources.ts';
import type { CertificateSet, CertificatesArgs, TrustSource } from './certificate-set.ts';
import { planPki } from './pki-plan.ts';

const ISSUER = 'gridlock-acme';

/**
 * The edge's certificate by ACME, from the authority that the configuration names; the cluster's internal ones come from
 * the chain of cert-manager.
 */
export class AcmeCertificates extends pulumi.ComponentResource implements CertificateSet {
  readonly edgeSecret: pulumi.Output<string>;
  readonly redisSecret: pulumi.Output<string>;
  readonly metricsApiSecret: pulumi.Output<string>;
  readonly trust: TrustSource;
  readonly rootCertificate: pulumi.Output<string>;

  constructor(name: string, { config, namespace }: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:AcmeCertificates', name, {}, opts);
    const inner = new CertificateChain(`${name}-inner`, { config, namespace, without: ['edge'] }, { parent: this });
    const issuer = issuerResource(ISSUER, acmeIssuer(config), {
      parent: this,
      dependsOn: inner.certManager.certificates,
    });
    const leaf = { config, leaf: 'edge', namespace, plan: planPki(config.pki), issuer: ISSUER } as const;

    this.edgeSecret = leafResource(this, leaf, [issuer]);
    this.redisSecret = inner.redisSecret;
    this.metricsApiSecret = inner.metricsApiSecret;
    this.trust = inner.trust;
    this.rootCertificate = inner.rootCertificate;
    this.registerOutputs({ edgeSecret: this.edgeSecret });
  }
}

type AcmeConfig = Pick<
  Config,
  'acmeServer' | 'acmeEmail' | 'acmeChallenge' | 'acmeDnsZone' | 'awsRegion' | 'charts' | 'namespace' | 'ingressClass'
>;

/** `spec` of the issuer. */
function acmeIssuer(config: AcmeConfig) {
  const { acmeServer, acmeEmail } = config;
  return {
    acme: {
      server: acmeServer,
      email: acmeEmail,
      privateKeySecretRef: { name: `${ISSUER}-account` },
      solvers: [config.acmeChallenge === 'http-01' ? httpSolver(config) : dnsSolver(config)],
    },
  };
}

/** By the controller of this cluster, or by the one that was there before. */
function httpSolver({ charts, namespace, ingressClass }: AcmeConfig) {
  const ingressClassName = charts.ingress.install ? scopeOf(namespace, 'gridlock') : ingressClass;
  return { http01: { ingress: { ingressClassName, serviceType: 'ClusterIP' } } };
}

/** Route 53, with the rights of cert-manager's own service account. */
const dnsSolver = ({ acmeDnsZone, awsRegion }: AcmeConfig) => ({
  dns01: { route53: { region: awsRegion, hostedZoneID: acmeDnsZone } },
});
