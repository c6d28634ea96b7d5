import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { labels, namespaceNamed } from '../labels.ts';
import { CERT_MANAGER, CertManager } from './cert-manager.ts';
import { certificateResource, issuerResource, leafResource } from './certificate-resources.ts';
import type { CertificateSet, TrustSource } from './certificate-set.ts';
import { allNames, fingerprintOf, LEAVES, type Leaf, nameConstraints } from './certificate-set.ts';
import { type PkiPlan, pkiLifetimes, planPki, rootCommonName } from './pki-plan.ts';

/** Name of the bundle, and of the ConfigMap that trust-manager makes of it. */
export const TRUST = 'gridlock-roots';
export const TRUST_KEY = 'roots.pem';
const SELF_SIGNED = 'gridlock-self-signed';

export interface CertificateChainArgs {
  /** The generations of the chain, the names it is for, and where the charts come from. */
  readonly config: Config;
  /** Namespace of the game, where the leaves and the trusted roots are. */
  readonly namespace: pulumi.Input<string>;
  /** Leaves that come from elsewhere. */
  readonly without?: readonly Leaf[];
}

/**
 * The own chain by cert-manager: self-signed -> root -> intermediate -> leaves, and the accepted roots as a
 * ConfigMap by trust-manager. Keys of roots and intermediates stay out of the game's namespace.
 */
export class CertificateChain extends pulumi.ComponentResource implements CertificateSet {
  readonly edgeSecret: pulumi.Output<string>;
  readonly redisSecret: pulumi.Output<string>;
  readonly metricsApiSecret: pulumi.Output<string>;
  readonly trust: TrustSource;
  readonly rootCertificate: pulumi.Output<string>;
  /** What installed cert-manager. */
  readonly certManager: CertManager;

  constructor(name: string, args: CertificateChainArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:CertificateChain', name, {}, opts);
    const { config, namespace, without = [] } = args;
    const plan = planPki(config.pki);
    const manager = new CertManager(`${name}-manager`, { config }, { parent: this });

    const roots = makeRoots(this, plan, manager);
    const issuer = makeIntermediate(this, plan, config, [...roots.values()]);
    const bundle = makeBundle(this, plan, namespace, [...roots.values(), ...manager.bundles]);
    const secrets = Object.fromEntries(
      LEAVES.filter((leaf) => !without.includes(leaf)).map((leaf) => {
        // Nobody is shown a leaf of a root that is not in the bundle yet.
        const made = leafResource(this, { config, leaf, namespace, plan }, [issuer, bundle]);
        return [leaf, made];
      }),
    );

    this.certManager = manager;
    this.edgeSecret = secrets['edge'] ?? pulumi.output('');
    this.redisSecret = secrets['redis'] ?? pulumi.output('');
    this.metricsApiSecret = secrets['metrics-api'] ?? pulumi.output('');
    this.trust = { configMap: bundle.metadata.name, key: TRUST_KEY };
    this.rootCertificate = readBundle(this, bundle, namespace);
    this.registerOutputs({ rootCertificate: this.rootCertificate });
  }
}

type Resources = ReadonlyMap<string, kubernetes.apiextensions.CustomResource>;

/** The issuer of every accepted root, by its name. */
function makeRoots(parent: CertificateChain, { roots }: PkiPlan, manager: CertManager): Resources {
  const options = { parent, dependsOn: manager.certificates };
  const selfSigned = issuerResource(SELF_SIGNED, { selfSigned: {} }, options);
  const issuers = roots.map(({ name, generation }) => {
    const root = certificateResource(
      name,
      {
        namespace: CERT_MANAGER,
        spec: {
          secretName: name,
          commonName: rootCommonName(generation),
          subject: { organizations: ['Gridlock'] },
          isCA: true,
          usages: ['cert sign', 'crl sign'],
          duration: `${pkiLifetimes.root.duration}h`,
          // A new root is a new generation: under the same name it would be trusted by nobody.
          renewal: { policy: 'Disabled' },
          privateKey: { algorithm: 'ECDSA', size: 384, encoding: 'PKCS8', rotationPolicy: 'Never' },
          issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: SELF_SIGNED },
        },
      },
      { parent, dependsOn: selfSigned },
    );
    return [name, issuerResource(name, { ca: { secretName: name } }, { parent, dependsOn: root })] as const;
  });
  return new Map(issuers);
}

/**
 * The issuer that signs the leaves. Its certificate is constrained to their names; a root's could never
 * change.
 */
function makeIntermediate(
  parent: CertificateChain,
  { intermediate: { name, root } }: PkiPlan,
  config: Config,
  dependsOn: pulumi.Resource[],
) {
  const names = allNames(config);
  const { duration, renewBefore } = pkiLifetimes.intermediate;
  const certificate = certificateResource(
    name,
    {
      namespace: CERT_MANAGER,
      spec: {
        secretName: name,
        commonName: `Gridlock intermediate ${name.slice('gridlock-intermediate-'.length)}`,
        // Changed constraints alone would not cause a new certificate; a changed subject does.
        subject: { organizations: ['Gridlock'], serialNumber: fingerprintOf(names) },
        isCA: true,
        usages: ['cert sign', 'crl sign', 'digital signature'],
        duration: `${duration}h`,
        renewBefore: `${renewBefore}h`,
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
        nameConstraints: nameConstraints(names),
        issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: root },
      },
    },
    { parent, dependsOn },
  );
  return issuerResource(name, { ca: { secretName: name } }, { parent, dependsOn: certificate });
}

function makeBundle(
  parent: CertificateChain,
  { roots }: PkiPlan,
  namespace: pulumi.Input<string>,
  dependsOn: pulumi.Resource[],
) {
  return new kubernetes.apiextensions.CustomResource(
    TRUST,
    {
      apiVersion: 'trust.cert-manager.io/v1alpha1',
      kind: 'Bundle',
      metadata: {
        name: TRUST,
        labels: labels('trust'),
        annotations: { 'pulumi.com/waitFor': 'condition=Synced' },
      },
      spec: {
        // Roots only: an intermediate in here would be trusted by itself, and could not be replaced.
        sources: roots.map(({ name }) => ({ secret: { name, key: 'tls.crt' } })),
        target: { configMap: { key: TRUST_KEY }, namespaceSelector: namespaceNamed(namespace) },
      },
    },
    { parent, dependsOn },
  );
}

/** The accepted roots as they are in the cluster; no key is read for it. */
function readBundle(
  parent: CertificateChain,
  bundle: kubernetes.apiextensions.CustomResource,
  namespace: pulumi.Input<string>,
): pulumi.Output<string> {
  // By the bundle's id, which is unknown until it is there: before, there is nothing to read.
  const id = pulumi.all([namespace, bundle.id]).apply(([where]) => `${where}/${TRUST}`);
  const found = kubernetes.core.v1.ConfigMap.get(`${TRUST}-read`, id, { parent, dependsOn: bundle });
  return found.data.apply((data) => data[TRUST_KEY] ?? '');
}
