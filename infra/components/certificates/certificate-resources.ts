import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { labels } from '../labels.ts';
import { type Leaf, leafNames, secretOf } from './certificate-set.ts';
import type { PkiPlan } from './pki-plan.ts';
import { pkiLifetimes } from './pki-plan.ts';

const GROUP = 'cert-manager.io';
/** A dependent waits until it is issued, not only until it is requested. */
const ready = { 'pulumi.com/waitFor': 'condition=Ready' };

interface CertificateArgs {
  namespace: pulumi.Input<string>;
  spec: Record<string, unknown>;
}

/** A Certificate that counts as made when its Secret is there. */
export const certificateResource = (
  name: string,
  { namespace, spec }: CertificateArgs,
  opts: pulumi.CustomResourceOptions,
) =>
  new kubernetes.apiextensions.CustomResource(
    name,
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'Certificate',
      metadata: { name, namespace, labels: labels('certificates'), annotations: ready },
      spec,
    },
    opts,
  );

/** A ClusterIssuer that counts as made when it can sign. */
export const issuerResource = (name: string, spec: Record<string, unknown>, opts: pulumi.CustomResourceOptions) =>
  new kubernetes.apiextensions.CustomResource(
    `${name}-issuer`,
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'ClusterIssuer',
      metadata: { name, labels: labels('certificates'), annotations: ready },
      spec,
    },
    opts,
  );

interface LeafArgs {
  config: Config;
  leaf: Leaf;
  namespace: pulumi.Input<string>;
  plan: PkiPlan;
  /** The issuer; default: the chain's intermediate. */
  issuer?: string;
}

/** A leaf; resolves to the name of its Secret once that is there. */
export function leafResource(
  parent: pulumi.Resource,
  { config, leaf, namespace, plan, issuer }: LeafArgs,
  dependsOn: pulumi.Resource[],
): pulumi.Output<string> {
  const { dnsNames, ipAddresses } = leafNames(config, leaf);
  const { duration, renewBefore } = leaf === 'edge' ? pkiLifetimes.edge : pkiLifetimes.internal;
  const own = issuer === undefined;
  const made = certificateResource(
    `gridlock-${leaf}`,
    {
      namespace,
      spec: {
        secretName: secretOf(leaf),
        // Not a name of a host: those are the alternative ones. A new serial number causes a new
        // leaf.
        ...(own
          ? {
              commonName: `Gridlock ${leaf}`,
              subject: { organizations: ['Gridlock'], serialNumber: plan.leafSerial },
              duration: `${duration}h`,
            }
          : {}),
        renewBeforePercentage: Math.round((100 * renewBefore) / duration),
        usages: ['digital signature', 'server auth'],
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
        ...(dnsNames.length > 0 ? { dnsNames } : {}),
        ...(ipAddresses.length > 0 ? { ipAddresses } : {}),
        issuerRef: { group: GROUP, kind: 'ClusterIssuer', name: issuer ?? plan.intermediate.name },
      },
    },
    { parent, dependsOn },
  );
  return made.id.apply(() => secretOf(leaf));
}
