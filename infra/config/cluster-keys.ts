// The keys of a Kubernetes cluster. `npm start` refuses a wrong value too, and uses none of them.
import * as v from 'valibot';
import type { Pki } from '../components/certificates/pki-plan.ts';
import { A_REFERENCE, orEmpty, REFERENCE, REPOSITORY } from './image-reference.ts';
import { choice, define, flag, integer, map, text, trueOrFalse, wholeNumber } from './key-definitions.ts';
import { parseRedisUrl, RedisUrlError } from './redis-url.ts';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
const RESERVED_NAMESPACES = /^(default|kube-.*|cert-manager|haproxy-controller|keda|monitoring)$/;
const PATH = /^[^\u0000-\u001f"'\\]{0,4096}$/;

/** A chart: whether the program installs it, and where it comes from. */
export interface ChartSource {
  readonly install: boolean;
  /** A directory, an archive, `oci://registry/path/chart`, or the URL of a chart repository. */
  readonly source: string;
  /** Empty for a directory or an archive. */
  readonly version: string;
}

/** The charts there are, where they come from by default, and what each is called in a chart repository. */
export const CHARTS = Object.freeze({
  certManager: {
    name: 'cert-manager',
    source: 'oci://quay.io/jetstack/charts/cert-manager',
    version: 'v1.21.1',
  },
  trustManager: {
    name: 'trust-manager',
    source: 'oci://quay.io/jetstack/charts/trust-manager',
    version: 'v0.24.0',
  },
  ingress: {
    name: 'kubernetes-ingress',
    source: 'https://haproxytech.github.io/helm-charts',
    version: '1.52.1',
  },
  keda: {
    name: 'keda',
    source: 'https://kedacore.github.io/charts',
    version: '2.20.2',
  },
  metricsServer: {
    name: 'metrics-server',
    source: 'https://kubernetes-sigs.github.io/metrics-server',
    version: '3.13.1',
  },
  monitoring: {
    name: 'kube-prometheus-stack',
    source: 'https://prometheus-community.github.io/helm-charts',
    version: '88.5.3',
  },
});
export type ChartName = keyof typeof CHARTS;
export type Charts = { readonly [Name in ChartName]: ChartSource };

/** A URL that may be shown: without a user, as it is no secret, and without a fragment, which is never sent. */
const isPlainUrl = (text: string, ...protocols: readonly string[]): boolean => {
  const url = /[\s"'\\]/.test(text) ? null : URL.parse(text);
  return url !== null && protocols.includes(url.protocol) && url.host !== '' && !/[@#]/.test(text);
};
const isPlace = (source: string): boolean => /^(\.{0,2}\/|~\/)|\.tgz$/.test(source) && !source.includes('://');
const chart = ({ source, version }: { source: string; version: string }) =>
  v.pipe(
    v.optional(
      v.strictObject({
        install: v.optional(trueOrFalse, true),
        source: v.optional(
          v.pipe(
            v.string(),
            v.check((value) => isPlace(value) || isPlainUrl(value, 'oci:', 'https:', 'http:')),
          ),
          source,
        ),
        version: v.optional(v.pipe(v.string(), v.regex(/^v?\d+\.\d+\.\d+[\w.+-]*$/)), version),
      }),
      {},
    ),
    v.transform(
      (given): ChartSource => Object.freeze({ ...given, version: isPlace(given.source) ? '' : given.version }),
    ),
  );
const charts = v.pipe(
  v.strictObject({
    certManager: chart(CHARTS.certManager),
    trustManager: chart(CHARTS.trustManager),
    ingress: chart(CHARTS.ingress),
    keda: chart(CHARTS.keda),
    metricsServer: chart(CHARTS.metricsServer),
    monitoring: chart(CHARTS.monitoring),
  }),
  v.transform((all): Charts => Object.freeze(all)),
);

const generation = v.pipe(v.string(), v.regex(/^g[1-9]\d{0,3}$/));
const pki = v.pipe(
  v.strictObject({
    generations: v.optional(v.pipe(v.array(generation), v.minLength(1), v.maxLength(3)), ['g1']),
    issuing: v.optional(generation, 'g1'),
    intermediate: v.optional(wholeNumber(1, 9999), 1),
    leaf: v.optional(wholeNumber(1, 9999), 1),
  }),
  v.check(({ generations }) => new Set(generations).size === generations.length),
  v.check(({ generations, issuing }) => generations.includes(issuing)),
  v.transform((value): Pki => Object.freeze({ ...value, generations: Object.freeze(value.generations) })),
);

const ID = v.optional(v.pipe(v.string(), v.regex(/^([A-Za-z0-9][A-Za-z0-9._()-]{0,89})?$/)), '');
const azure = v.pipe(
  v.strictObject({ subscriptionId: ID, resourceGroup: ID, clientId: ID, tenantId: ID }),
  v.transform((value) => Object.freeze(value)),
);

const namespace = v.pipe(
  v.string(),
  v.regex(DNS_LABEL),
  v.check((name) => !RESERVED_NAMESPACES.test(name)),
);

const redisUrl = v.pipe(
  v.string('it is not text'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value === '') return;
    try {
      parseRedisUrl(dataset.value);
    } catch (error) {
      if (!(error instanceof RedisUrlError)) throw error;
      addIssue({ message: error.message });
    }
  }),
);

export const CLUSTER_KEYS = Object.freeze({
  cluster: choice(['kind', 'existing', 'eks', 'gke', 'aks'], 'kind', 'where the cluster comes from'),
  clusterName: text(DNS_LABEL, 'gridlock', 'up to 40 of a-z, 0-9 and -', 'name of the kind or EKS cluster'),
  nodeImage: text(orEmpty(REFERENCE), '', A_REFERENCE, "node image of kind; empty: kind's own"),
  workers: integer(0, 10, 2, 'worker nodes of kind, without the control plane'),
  kubeconfig: text(PATH, '', 'a path', "existing, gke, aks: kubeconfig file; empty: kubectl's own"),
  context: text(/^[^\u0000-\u001f\s]{0,253}$/, '', 'a context of the kubeconfig', 'existing, gke, aks: context to use'),
  awsRegion: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'eu-central-1', 'a region such as eu-central-1', 'eks: region'),
  namespace: define({
    schema: namespace,
    default: 'gridlock',
    allowed: 'up to 40 of a-z, 0-9 and -, no namespace of the cluster or of a chart',
    help: 'namespace of the game',
  }),
  image: text(orEmpty(REFERENCE), '', A_REFERENCE, 'image of the game; empty: built from this checkout'),
  imageRepository: text(
    orEmpty(new RegExp(`^${REPOSITORY}$`)),
    '',
    'an image repository without a tag, such as registry.example/gridlock',
    'where the built image is pushed; empty: loaded into kind',
  ),
  imageBuilder: choice(['buildkit', 'classic'], 'buildkit', "Docker's builder for the image"),
  imageMirror: text(
    orEmpty(new RegExp(`^${REPOSITORY}$`)),
    '',
    'a registry and path such as mirror.example/images',
    'put before the reference of every image except image and nodeImage; empty: none',
  ),
  baseImage: text(REFERENCE, 'node:24-bookworm-slim', A_REFERENCE, "base image of the game's image"),
  haproxyImage: text(REFERENCE, 'haproxy:3.2', A_REFERENCE, 'image of the plain HAProxy edge'),
  controllerImage: text(
    REFERENCE,
    'docker.io/haproxytech/kubernetes-ingress:3.2.12',
    A_REFERENCE,
    'image of the ingress controller: the version that its chart is pinned with',
  ),
  redisImage: text(REFERENCE, 'redis:8.0', A_REFERENCE, 'image of Redis and Sentinel'),
  charts: map(
    charts,
    v.parse(charts, {}),
    `a map of ${Object.keys(CHARTS).join(', ')}, each {install: true or false, source: a directory, an archive,` +
      ' an oci:// reference or the URL of a chart repository, version}',
    'which charts are installed, and from where',
  ),
  ingress: choice(['controller', 'haproxy'], 'controller', "edge: HAProxy's ingress controller, or a plain HAProxy"),
  ingressClass: text(
    DNS_LABEL,
    'haproxy',
    'up to 40 of a-z, 0-9 and -',
    'charts.ingress.install false: class of the HAProxy ingress controller that the cluster has',
  ),
  ingressNamespace: text(
    DNS_LABEL,
    'haproxy-controller',
    'up to 40 of a-z, 0-9 and -',
    'charts.ingress.install false: namespace of that controller, which the network policies open',
  ),
  ingressReplicas: integer(1, 16, 2, 'pods of the edge'),
  ingressService: choice(
    ['auto', 'NodePort', 'LoadBalancer', 'ClusterIP'],
    'auto',
    'type of the Service of the edge; auto: NodePort on kind, LoadBalancer elsewhere; NodePort uses nodePort and ' +
      'httpNodePort; ClusterIP is for kubectl port-forward, or for your own proxy in front of the edge',
  ),
  nodePort: integer(30_000, 32_767, 30_443, 'NodePort: port of the nodes for HTTPS; on kind, port is mapped to it'),
  httpNodePort: integer(
    30_000,
    32_767,
    30_080,
    'NodePort: port of the nodes for HTTP; on kind, httpPort is mapped to it',
  ),
  externalDns: flag(false, 'whether external-dns is asked to make the DNS record of host'),
  proxyProtocol: flag(false, 'whether the load balancer before the edge speaks the PROXY protocol'),
  certificates: choice(
    ['cert-manager', 'acme', 'files'],
    'cert-manager',
    'certificates: a private chain by cert-manager, ACME, or files',
  ),
  certificatesDir: text(PATH, '', 'a path', 'files: directory of the chain as certs/ writes it'),
  pki: map(
    pki,
    v.parse(pki, {}),
    'a map {generations: one to three different names such as g1, issuing: one of them, intermediate: 1 or more,' +
      ' leaf: 1 or more}',
    'accepted roots, the issuing one, and the numbers of intermediate and leaf',
  ),
  acmeServer: define({
    schema: v.pipe(
      v.string(),
      v.check((url) => isPlainUrl(url, 'https:')),
    ),
    default: 'https://acme-v02.api.letsencrypt.org/directory',
    allowed: 'an https URL without a user or a fragment',
    help: 'acme: directory of the certificate authority',
  }),
  acmeEmail: text(/^$|^[^\s@"'\\]+@[^\s@"'\\]+\.[^\s@"'\\]+$/, '', 'an e-mail address', 'acme: address of the account'),
  acmeChallenge: choice(['http-01', 'dns-01'], 'http-01', 'acme: how the name is proved'),
  acmeDns: choice(
    ['route53', 'cloud-dns', 'azure-dns', 'cloudflare'],
    'route53',
    "dns-01: the provider of the host's zone",
  ),
  acmeDnsZone: text(
    /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)?$/,
    '',
    'an ID such as Z0123456789, or a name such as example.com',
    'dns-01: ID of the hosted zone (route53), its name (azure-dns) or that of the managed zone (cloud-dns; may be empty)',
  ),
  acmeDnsProject: text(
    /^([a-z][a-z0-9.:-]{4,62}[a-z0-9])?$/,
    '',
    'the ID of a project',
    'dns-01 by cloud-dns: project of the zone',
  ),
  acmeAzure: map(
    azure,
    v.parse(azure, {}),
    'a map {subscriptionId, resourceGroup, clientId, tenantId: the last one only with acmeDnsSecret}',
    'dns-01 by azure-dns: where the zone is, and the identity that may change it',
  ),
  acmeDnsSecret: define({
    schema: v.pipe(v.string('it is not text'), v.maxLength(16_384, 'it is longer than 16384 characters')),
    default: '',
    allowed: 'text of up to 16384 characters',
    help:
      'dns-01: token (cloudflare), key of a service account as JSON (cloud-dns) or secret of an application ' +
      '(azure-dns); empty with the last two: workload identity (may be encrypted)',
    secret: true,
  }),
  redisUrl: define({
    schema: redisUrl,
    default: '',
    allowed:
      'redis:// or rediss://[user:password@]host:port/database, special characters as %40 and the like (a Cluster: ' +
      'several hosts, separated by commas, no database)',
    help: 'external: address of Redis (may be encrypted)',
    secret: true,
  }),
  redisCaFile: text(PATH, '', 'a path', 'external: PEM file of the roots of its certificate; empty: public ones'),
  redisPersistence: choice(['always', 'everysec'], 'always', 'when Redis writes a move to disk'),
  redisStorage: text(/^[1-9]\d{0,4}(Mi|Gi|Ti)$/, '1Gi', 'a size such as 1Gi', 'volume of each Redis'),
  redisStorageClass: text(
    /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$/,
    '',
    'the name of a storage class',
    "class of Redis's volumes; empty: the cluster's default",
  ),
  protect: choice(
    ['auto', 'true', 'false'],
    'auto',
    'whether the StatefulSet of Redis and the root that issues may not be deleted; auto: true outside of kind',
  ),
  autoscaling: choice(
    ['keda', 'existing', 'none'],
    'keda',
    'scaling on sockets: by a KEDA that the stack installs, by the KEDA that the cluster has, or not at all',
  ),
  maxReplicas: integer(1, 200, 12, 'largest number of game replicas'),
  socketsPerReplica: integer(1, 100_000, 1500, 'open sockets of a replica above which another replica is added'),
  scaleOn: text(
    /^([a-zA-Z_:][a-zA-Z0-9_:]{0,200})?$/,
    '',
    'the name of a Prometheus gauge',
    "gauge that socketsPerReplica limits; empty: gridlock_sockets, or for your own server the edge's sessions",
  ),
  monitoring: choice(
    ['none', 'operator', 'stack'],
    'none',
    'Prometheus: none, the operator that the cluster has, or the chart kube-prometheus-stack',
  ),
});
