import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../labels.ts';
import { type Leaf, type Names, secretOf } from './certificate-set.ts';
import { pkiLifetimes } from './pki-plan.ts';

const GROUP = 'cert-manager.io';
/** A dependent waits until it is issued, not only until it is requested. */
const ready = { 'pulumi.com/waitFor': 'condition=Ready' };

interface CertificateArgs {
  /** Name of the object. */
  name: pulumi.Input<string>;
  namespace: pulumi.Input<string>;
  /** Name of the cluster it is for. */
  cluster: string;
  spec: Record<string, unknown>;
}

/** A Certificate that counts as made when its Secret is there. */
export const certificateResource = (
  resource: string,
  { name, namespace, cluster, spec }: CertificateArgs,
  opts: pulumi.CustomResourceOptions,
) =>
  new kubernetes.apiextensions.CustomResource(
    resource,
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'Certificate',
      metadata: { name, namespace, labels: labelsOf({ cluster, part: 'certificates' }), annotations: ready },
      spec,
    },
    opts,
  );

interface IssuerArgs {
  /** Name of the object. */
  name: pulumi.Input<string>;
  /** Name of the cluster it is for. */
  cluster: string;
  spec: Record<string, unknown>;
}

/** A ClusterIssuer that counts as made when it can sign. */
export const issuerResource = (
  resource: string,
  { name, cluster, spec }: IssuerArgs,
  opts: pulumi.CustomResourceOptions,
) =>
  new kubernetes.apiextensions.CustomResource(
    `${resource}-issuer`,
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'ClusterIssuer',
      metadata: { name, labels: labelsOf({ cluster, part: 'certificates' }), annotations: ready },
      spec,
    },
    opts,
  );

export const issuerRef = (name: pulumi.Input<string>) => ({ group: GROUP, kind: 'ClusterIssuer', name });

/** The issuer of a leaf. */
export interface LeafIssuer {
  /** Name of its ClusterIssuer. */
  readonly name: pulumi.Input<string>;
  /**
   * Only for a private chain: a name for the leaf, which changes for each new leaf. Another authority names the leaf
   * itself.
   */
  readonly serial?: string | undefined;
  /** The resources that must exist before the leaf. */
  readonly dependsOn: pulumi.Resource[];
}

interface LeafArgs {
  readonly leaf: Leaf;
  readonly cluster: string;
  readonly namespace: pulumi.Input<string>;
  readonly names: pulumi.Input<Names>;
  readonly issuer: LeafIssuer;
}

const nonEmpty = (values: readonly string[]) => (values.length > 0 ? values : undefined);

/** A leaf; resolves to the name of its Secret once that is there. */
export function leafResource(
  parent: pulumi.Resource,
  resource: string,
  { leaf, cluster, namespace, names, issuer }: LeafArgs,
): pulumi.Output<string> {
  const { duration, renewBefore } = leaf === 'edge' ? pkiLifetimes.edge : pkiLifetimes.internal;
  const { serial, dependsOn } = issuer;
  const named = pulumi.output(names);
  const made = certificateResource(
    resource,
    {
      name: `${cluster}-${leaf}`,
      namespace,
      cluster,
      spec: {
        secretName: secretOf(cluster, leaf),
        // Not a host name: those are the alternative names. A new serial number causes a new leaf.
        ...(serial === undefined
          ? {}
          : {
              commonName: `Gridlock ${leaf}`,
              subject: { organizations: ['Gridlock'], serialNumber: serial },
              duration: `${duration}h`,
            }),
        renewBeforePercentage: Math.round((100 * renewBefore) / duration),
        usages: ['digital signature', 'server auth'],
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
        dnsNames: named.apply(({ dnsNames }) => nonEmpty(dnsNames)),
        ipAddresses: named.apply(({ ipAddresses }) => nonEmpty(ipAddresses)),
        issuerRef: issuerRef(issuer.name),
      },
    },
    { parent, dependsOn },
  );
  return made.id.apply(() => secretOf(cluster, leaf));
}
