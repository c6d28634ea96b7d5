import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf, namespaceNamed } from '../labels.ts';
import { scopeOf } from '../names.ts';
import { CERT_MANAGER, CertManager, type CertManagerArgs } from './cert-manager.ts';
import {
  certificateResource,
  issuerRef,
  issuerResource,
  type LeafIssuer,
  leafResource,
} from './certificate-resources.ts';
import type { CertificateSet, CertificatesArgs, Leaf, TrustSource } from './certificate-set.ts';
import { fingerprintOf, LEAVES, nameConstraints, union } from './certificate-set.ts';
import { FIRST, type Pki, type PkiPlan, pkiLifetimes, planPki, rootCommonName } from './pki-plan.ts';

/** Key of the accepted roots in their ConfigMap. */
export const TRUST_KEY = 'roots.pem';

export interface CertificateChainArgs extends CertificatesArgs {
  /** The accepted roots, the one that issues, and the numbers of intermediate and leaf; default: one root, nothing rotated. */
  readonly pki?: Pki;
  /** Where cert-manager and trust-manager are installed from; default: the Kubernetes cluster has both. */
  readonly certManager?: Omit<CertManagerArgs, 'imageMirror'>;
  /** Namespace in which cert-manager keeps the keys of ClusterIssuers, and trust-manager reads roots; default: `cert-manager`. */
  readonly keysNamespace?: string;
  /** Refuses every change that would delete the root that issues, and its key; default: false. */
  readonly protect?: boolean;
}

/**
 * A chain of the stack's own by cert-manager: self-signed -> root -> intermediate -> leaves, and the accepted roots as a
 * ConfigMap by trust-manager. Keys of roots and intermediates stay out of the cluster's namespace.
 */
export class CertificateChain extends pulumi.ComponentResource implements CertificateSet {
  readonly edgeSecret: pulumi.Output<string>;
  readonly redisSecret: pulumi.Output<string> | undefined;
  readonly trust: TrustSource | undefined;
  readonly rootCertificate: pulumi.Output<string>;

  /** `edge` makes the issuer of the edge's certificate; default: the chain. */
  constructor(
    name: string,
    args: CertificateChainArgs,
    opts?: pulumi.ComponentResourceOptions,
    edge?: (chain: ChainParts) => LeafIssuer,
  ) {
    // There is one type for every issuer of the edge's certificate, so that another issuer changes the certificate in
    // place.
    super('gridlock:components:Certificates', name, {}, opts);
    const { namespace, cluster = name, names, pki = FIRST, certManager = {}, imageMirror } = args;
    const scope = pulumi.output(namespace).apply((it) => scopeOf(it, cluster));
    const plan = planPki(pki);
    const manager = new CertManager(`${name}-manager`, { ...certManager, imageMirror }, { parent: this });
    const parts: ChainParts = {
      parent: this,
      name,
      cluster,
      scope,
      namespace,
      manager,
      keysNamespace: args.keysNamespace ?? CERT_MANAGER,
      protect: args.protect ?? false,
    };
    const own = LEAVES.filter((leaf) => names[leaf] !== undefined && (leaf !== 'edge' || edge === undefined));
    const chain =
      own.length === 0
        ? undefined
        : makeChain(
            parts,
            plan,
            own.map((leaf) => names[leaf]!),
          );
    const secret = (leaf: Leaf, issuer: LeafIssuer) =>
      leafResource(this, `${name}-${leaf}`, { leaf, cluster, namespace, names: names[leaf]!, issuer });

    this.edgeSecret = secret('edge', edge?.(parts) ?? chain!.issuer);
    this.redisSecret = names.redis && secret('redis', chain!.issuer);
    this.trust = chain?.trust;
    this.rootCertificate = chain?.roots ?? pulumi.output('');
    this.registerOutputs({ edgeSecret: this.edgeSecret, rootCertificate: this.rootCertificate });
  }
}

/** The common arguments of every object of a chain. */
export interface ChainParts {
  readonly parent: pulumi.Resource;
  /** Of the component. */
  readonly name: string;
  /** Of the WebSocket cluster. */
  readonly cluster: string;
  /** The prefix for names of objects outside of the namespace. */
  readonly scope: pulumi.Output<string>;
  readonly namespace: pulumi.Input<string>;
  readonly manager: CertManager;
  readonly keysNamespace: string;
  readonly protect: boolean;
}

const scoped = ({ scope }: ChainParts, name: string): pulumi.Output<string> => pulumi.interpolate`${scope}-${name}`;

/** Roots, intermediate and bundle, and the issuer of leaves with these names. */
function makeChain(parts: ChainParts, plan: PkiPlan, names: CertificatesArgs['names'][Leaf][]) {
  const roots = makeRoots(parts, plan);
  const intermediate = makeIntermediate(parts, plan, names, roots);
  const bundle = makeBundle(parts, plan, [...roots, ...parts.manager.bundles]);
  const issuer: LeafIssuer = {
    name: scoped(parts, plan.intermediate.name),
    serial: plan.leafSerial,
    // No client gets a leaf of a root that is not in the bundle yet.
    dependsOn: [intermediate, bundle],
  };
  return { issuer, trust: { configMap: bundle.metadata.name, key: TRUST_KEY }, roots: readBundle(parts, bundle) };
}

/** The issuer of every accepted root. */
function makeRoots(parts: ChainParts, { roots }: PkiPlan): pulumi.Resource[] {
  const { parent, name, cluster, keysNamespace, manager, protect } = parts;
  const selfSigned = scoped(parts, 'self-signed');
  const first = issuerResource(
    `${name}-self-signed`,
    { name: selfSigned, cluster, spec: { selfSigned: {} } },
    { parent, dependsOn: manager.certificates },
  );
  return roots.map((root) => {
    const secretName = scoped(parts, root.name);
    const certificate = certificateResource(
      `${name}-${root.name}`,
      {
        name: secretName,
        namespace: keysNamespace,
        cluster,
        spec: {
          secretName,
          commonName: rootCommonName(root.generation),
          subject: { organizations: ['Gridlock'] },
          isCA: true,
          usages: ['cert sign', 'crl sign'],
          duration: `${pkiLifetimes.root.duration}h`,
          // A new root is a new generation: under the same name no client would trust it.
          renewal: { policy: 'Disabled' },
          privateKey: { algorithm: 'ECDSA', size: 384, encoding: 'PKCS8', rotationPolicy: 'Never' },
          issuerRef: issuerRef(selfSigned),
        },
      },
      // A root that no longer issues is going to be retired.
      { parent, dependsOn: first, protect: protect && root.issues },
    );
    const spec = { ca: { secretName } };
    return issuerResource(
      `${name}-${root.name}`,
      { name: secretName, cluster, spec },
      { parent, dependsOn: certificate },
    );
  });
}

/**
 * The issuer that signs the leaves. Its certificate is constrained to their names; a root's could never
 * change.
 */
function makeIntermediate(
  parts: ChainParts,
  { intermediate }: PkiPlan,
  names: CertificatesArgs['names'][Leaf][],
  dependsOn: pulumi.Resource[],
) {
  const { parent, name, cluster, keysNamespace } = parts;
  const all = pulumi.all(names.map((each) => pulumi.output(each!))).apply(union);
  const { duration, renewBefore } = pkiLifetimes.intermediate;
  const secretName = scoped(parts, intermediate.name);
  const certificate = certificateResource(
    `${name}-${intermediate.name}`,
    {
      name: secretName,
      namespace: keysNamespace,
      cluster,
      spec: {
        secretName,
        commonName: `Gridlock intermediate ${intermediate.number}`,
        // Changed constraints alone would not cause a new certificate; a changed subject does.
        subject: { organizations: ['Gridlock'], serialNumber: all.apply(fingerprintOf) },
        isCA: true,
        usages: ['cert sign', 'crl sign', 'digital signature'],
        duration: `${duration}h`,
        renewBefore: `${renewBefore}h`,
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
        nameConstraints: all.apply(nameConstraints),
        issuerRef: issuerRef(scoped(parts, intermediate.root)),
      },
    },
    { parent, dependsOn },
  );
  const spec = { ca: { secretName } };
  return issuerResource(
    `${name}-${intermediate.name}`,
    { name: secretName, cluster, spec },
    { parent, dependsOn: certificate },
  );
}

function makeBundle(parts: ChainParts, { roots }: PkiPlan, dependsOn: pulumi.Resource[]) {
  const { parent, name, cluster, namespace } = parts;
  return new kubernetes.apiextensions.CustomResource(
    `${name}-roots`,
    {
      apiVersion: 'trust.cert-manager.io/v1alpha1',
      kind: 'Bundle',
      metadata: {
        name: scoped(parts, 'roots'),
        labels: labelsOf({ cluster, part: 'certificates' }),
        annotations: { 'pulumi.com/waitFor': 'condition=Synced' },
      },
      spec: {
        // Roots only: an intermediate in here would be trusted by itself, and could not be replaced.
        sources: roots.map((root) => ({ secret: { name: scoped(parts, root.name), key: 'tls.crt' } })),
        target: { configMap: { key: TRUST_KEY }, namespaceSelector: namespaceNamed(namespace) },
      },
    },
    { parent, dependsOn },
  );
}

/** The accepted roots as they are in the cluster; this reads no key. */
function readBundle(
  { parent, name, namespace }: ChainParts,
  bundle: kubernetes.apiextensions.CustomResource,
): pulumi.Output<string> {
  // By the bundle's id, which is unknown until the bundle exists: before that, there is nothing to read.
  const id = pulumi
    .all([namespace, bundle.metadata.name, bundle.id])
    .apply(([where, configMap]) => `${where}/${configMap}`);
  const found = kubernetes.core.v1.ConfigMap.get(`${name}-roots-read`, id, { parent, dependsOn: bundle });
  return found.data.apply((data) => data[TRUST_KEY] ?? '');
}
