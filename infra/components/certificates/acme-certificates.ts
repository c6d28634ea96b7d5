import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../labels.ts';
import { type AcmeChallenge, solverOf } from './acme-challenge.ts';
import { CertificateChain, type CertificateChainArgs, type ChainParts } from './certificate-chain.ts';
import { issuerResource, type LeafIssuer } from './certificate-resources.ts';

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

export interface AcmeCertificatesArgs extends CertificateChainArgs {
  /** Directory of the authority; default: Let's Encrypt. */
  readonly server?: string;
  /** E-mail address of the account. */
  readonly email: string;
  /** How the names of the edge are proved. */
  readonly challenge: AcmeChallenge;
}

/**
 * The edge's certificate by ACME. That of Redis comes from a private chain of cert-manager, because no public authority
 * certifies the names of a Kubernetes cluster.
 */
export class AcmeCertificates extends CertificateChain {
  constructor(name: string, args: AcmeCertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super(name, args, opts, (chain) => acmeIssuer(chain, args));
  }
}

/** The issuer, with the Secret that its challenge needs. */
function acmeIssuer(chain: ChainParts, { server = LETS_ENCRYPT, email, challenge }: AcmeCertificatesArgs): LeafIssuer {
  const { parent, cluster, scope, keysNamespace, manager } = chain;
  const name = pulumi.interpolate`${scope}-acme`;
  const { solver, secret } = solverOf(challenge);
  const secretName = pulumi.interpolate`${scope}-acme-dns`;
  const credentials =
    secret === undefined
      ? []
      : [
          new kubernetes.core.v1.Secret(
            `${chain.name}-acme-dns`,
            {
              metadata: {
                name: secretName,
                namespace: keysNamespace,
                labels: labelsOf({ cluster, part: 'certificates' }),
              },
              type: 'Opaque',
              stringData: { [secret.key]: pulumi.secret(secret.value) },
            },
            { parent, dependsOn: manager.certificates },
          ),
        ];
  const spec = {
    acme: {
      server,
      email,
      privateKeySecretRef: { name: pulumi.interpolate`${scope}-acme-account` },
      solvers: [solver(secretName)],
    },
  };
  const issuer = issuerResource(
    `${chain.name}-acme`,
    { name, cluster, spec },
    { parent, dependsOn: [...manager.certificates, ...credentials] },
  );
  return { name, dependsOn: [issuer] };
}
