import * as pulumi from '@pulumi/pulumi';
import { Autoscaling } from './autoscaling/autoscaling.ts';
import { AcmeCertificates } from './certificates/acme-certificates.ts';
import { CertificateChain } from './certificates/certificate-chain.ts';
import { CertificateFiles } from './certificates/certificate-files.ts';
import { type CertificateSet, namesOfHost } from './certificates/certificate-set.ts';
import { gaugeOf, type Made, monitoredOf, openingsOf } from './connections.ts';
import { Edge } from './edge/edge.ts';
import type { EdgeArgs } from './edge/edge-args.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { NetworkPolicies } from './network-policies/network-policies.ts';
import { transformed } from './part.ts';
import { type RedisConnection, redisDnsNames } from './redis/redis-connection.ts';
import { RedisExternal } from './redis/redis-external.ts';
import { RedisSentinel } from './redis/redis-sentinel.ts';
import { RedisSingle } from './redis/redis-single.ts';
import { Replicas } from './replicas/replicas.ts';
import { checkArgs, chosen, type WebSocketClusterArgs } from './web-socket-cluster-args.ts';

/** Default number of replicas: two stay when one is lost. */
const REPLICAS = 3;

/**
 * A cluster of any WebSocket server: replicas that drain, an edge with TLS and stickiness, and certificates. Redis,
 * autoscaling on open sockets, network policies and monitoring are options. Every object has the name of the component,
 * so that two of them live in one namespace.
 */
export class WebSocketCluster extends pulumi.ComponentResource {
  /** Where clients connect to, known once the edge serves. */
  readonly url: pulumi.Output<string>;
  /** Name or address of the load balancer, for the host's DNS entry; loopback where there is none. */
  readonly address: pulumi.Output<string>;
  /** The roots of the edge's certificate, as PEM; empty when they are public ones. */
  readonly rootCertificate: pulumi.Output<string>;
  /** Name of the Service of the replicas, within the Kubernetes cluster. */
  readonly service: pulumi.Output<string>;

  constructor(name: string, args: WebSocketClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs(name, args);
    super('gridlock:components:WebSocketCluster', name, {}, { ...opts, ...transformed(args.transform) });
    const { namespace, imageMirror } = args;
    const part: Part = { namespace, cluster: name, ...(imageMirror === undefined ? {} : { imageMirror }) };
    const child = { parent: this };

    const certificates = makeCertificates(name, args, part, child);
    const redis = makeRedis(name, args, certificates, part, child);
    const replicas = makeReplicas(name, args, { certificates, redis }, part, child);
    const made: Made = { cluster: name, args, replicas, redis };
    const edge = new Edge(`${name}-edge`, edgeArgs(args, { ...part, certificates, replicas }), child);
    if (args.autoscaling) {
      const deployment = replicas.deployment.metadata.name;
      new Autoscaling(`${name}-autoscaling`, { ...scalingArgs(made, part), deployment }, child);
    }
    const openings = openingsOf(made);
    if (openings) new NetworkPolicies(`${name}-policies`, { ...part, ...openings }, child);
    if (args.monitoring) new Monitoring(`${name}-monitoring`, { ...part, ...monitoredOf(made) }, child);

    this.url = edge.url;
    this.address = edge.address;
    this.rootCertificate = certificates.rootCertificate;
    this.service = replicas.service.metadata.name;
    const { url, address, rootCertificate, service } = this;
    this.registerOutputs({ url, address, rootCertificate, service });
  }
}

/** The common arguments of every part. */
interface Part {
  readonly namespace: pulumi.Input<string>;
  readonly cluster: string;
  readonly imageMirror?: string;
}
type Child = { readonly parent: pulumi.Resource };

const hasOwnRedis = ({ redis }: WebSocketClusterArgs): boolean =>
  redis?.single !== undefined || redis?.sentinel !== undefined;

function makeCertificates(name: string, args: WebSocketClusterArgs, part: Part, child: Child): CertificateSet {
  const resource = `${name}-certificates`;
  const names = {
    edge: args.certificateNames ?? namesOfHost(args.host),
    ...(hasOwnRedis(args) ? { redis: redisNames(part) } : {}),
  };
  const choice = chosen('certificates', args.certificates) ?? (['chain', {}] as const);
  switch (choice[0]) {
    case 'chain':
      return new CertificateChain(resource, { ...part, ...choice[1], names }, child);
    case 'acme':
      return new AcmeCertificates(resource, { ...part, ...choice[1], names }, child);
    case 'files':
      return new CertificateFiles(resource, { ...part, ...choice[1] }, child);
  }
}

const redisNames = ({ namespace, cluster }: Part) =>
  pulumi.output(namespace).apply((where) => ({ dnsNames: redisDnsNames(cluster, where), ipAddresses: [] }));

function makeRedis(
  name: string,
  args: WebSocketClusterArgs,
  { redisSecret, trust }: CertificateSet,
  part: Part,
  child: Child,
): RedisConnection | undefined {
  const choice = chosen('redis', args.redis);
  if (choice === undefined) return undefined;
  const resource = `${name}-redis`;
  if (choice[0] === 'external') return new RedisExternal(resource, { ...part, ...choice[1] }, child).connection;
  // Every Redis that the cluster runs has both.
  const own = { ...part, ...choice[1], certificates: { secret: redisSecret!, trust: trust! } };
  return choice[0] === 'single'
    ? new RedisSingle(resource, own, child).connection
    : new RedisSentinel(resource, own, child).connection;
}

interface Given {
  readonly certificates: CertificateSet;
  readonly redis: RedisConnection | undefined;
}

function makeReplicas(
  name: string,
  args: WebSocketClusterArgs,
  { certificates, redis }: Given,
  part: Part,
  child: Child,
): Replicas {
  const { replicas = REPLICAS, autoscaling, rootsDirectory, files = [] } = args;
  const { trust } = certificates;
  const roots =
    rootsDirectory === undefined || trust === undefined
      ? []
      : [{ name: 'roots', directory: rootsDirectory, configMap: trust.configMap, keys: [trust.key] }];
  const { redis: _, ...server } = args;
  return new Replicas(
    name,
    {
      writableDirectories: ['/tmp'],
      ...server,
      ...part,
      replicas,
      scaled: autoscaling !== undefined,
      ...(autoscaling ? { maxReplicas: autoscaling.max } : {}),
      files: [...files, ...roots],
      ...(redis ? { redis } : {}),
    },
    child,
  );
}

/** The largest number at once: in a rollout each may exist twice, as the old pod and the new one. */
const slots = ({ replicas = REPLICAS, autoscaling }: WebSocketClusterArgs): number =>
  2 * Math.max(replicas, autoscaling?.max ?? 0);

function edgeArgs(
  args: WebSocketClusterArgs,
  { certificates, replicas, ...part }: Part & { certificates: CertificateSet; replicas: Replicas },
): EdgeArgs {
  const { host, ports, limits, tlsMinVersion, traces, socketPaths = [], stickiness = { by: 'cookie' }, health } = args;
  const common = {
    ...part,
    host,
    ...(ports ? { ports } : {}),
    server: args.gridlock ?? { stickiness, socketPaths, healthPath: health?.path ?? '' },
    replicas: {
      service: replicas.service.metadata.name,
      headlessService: replicas.headlessService.metadata.name,
      port: replicas.ports[0]!.number,
      checkPort: replicas.checkPort.number,
      slots: slots(args),
    },
    certificateSecret: certificates.edgeSecret,
    ...(limits ? { limits } : {}),
    ...(tlsMinVersion ? { tlsMinVersion } : {}),
    ...(traces ? { traces } : {}),
  };
  const choice = chosen('edge', args.edge)!;
  switch (choice[0]) {
    case 'haproxy':
      return { ...common, ...choice[1], kind: 'haproxy' };
    case 'controller':
      return { ...common, ...choice[1], kind: 'controller' };
    case 'existingController':
      return { ...common, ...choice[1], kind: 'existing-controller' };
  }
}

function scalingArgs(made: Made, part: Part) {
  const { replicas: min = REPLICAS, autoscaling } = made.args;
  const { gauge: _, ...options } = autoscaling!;
  return { ...part, ...options, min, gauge: gaugeOf(made) };
}
