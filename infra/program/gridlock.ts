import * as pulumi from '@pulumi/pulumi';
import { Autoscaling } from '../components/autoscaling/autoscaling.ts';
import { Monitoring } from '../components/monitoring/monitoring.ts';
import { Namespace } from '../components/namespace.ts';
import { NetworkPolicies } from '../components/network-policies/network-policies.ts';
import { Replicas } from '../components/replicas/replicas.ts';
import { checkAppOfImage } from '../config/app.ts';
import { type Config, ConfigError, stackConfig } from '../config/config.ts';
import { createCertificates } from './certificates.ts';
import { createEdge } from './edge.ts';
import { GridlockImage } from './gridlock-image.ts';
import { GridlockServer } from './gridlock-server.ts';
import { monitoringArgs } from './monitoring.ts';
import { CLUSTER } from './names.ts';
import { createCluster } from './parts.ts';
import { policiesArgs } from './policies.ts';
import { RecordedConfiguration, requireStackChangeable } from './recorded-configuration.ts';
import { createRedis } from './redis.ts';
import { scalingArgs } from './scaling.ts';

/** The outputs that `pulumi stack output` shows. */
export interface Outputs {
  /** Where people play. */
  url: pulumi.Output<string>;
  /** The load balancer's name or address, for the DNS entry of the host. */
  address: pulumi.Output<string>;
  /** The roots that vouch for the edge, as PEM. */
  rootCertificate: pulumi.Output<string>;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** Plays a game against this stack. */
  playCommand: string;
  /** Plays many. */
  loadCommand: string;
}

/** The whole system on a cluster, as the configuration wants it. */
export async function gridlock(config: Config): Promise<Outputs> {
  await checkAppOfImage(config);
  const cluster = await createCluster(config);
  const opts = { provider: cluster.provider };

  const namespace = new Namespace('gridlock', { name: config.namespace, level: 'restricted' }, opts).metadataName;
  const image = new GridlockImage('image', { config, cluster }, opts).reference;
  const certificates = createCertificates('certificates', { config, namespace }, opts);
  const redis = createRedis(config, { namespace, certificates }, opts);
  if (redis === undefined) throw new ConfigError('redis is none, and the replicas need one.');
  const { trust } = certificates;
  const { settings } = new GridlockServer('server', { config, namespace, cluster: CLUSTER, trust }, opts);
  const replicas = new Replicas(
    'replicas',
    { ...settings, ...scale(config), namespace, cluster: CLUSTER, image, redis, acrossZones: config.cluster === 'eks' },
    opts,
  );
  const services = {
    service: replicas.service.metadata.name,
    headlessService: replicas.headlessService.metadata.name,
  };
  const edge = createEdge('edge', { config, namespace, game: services, certificates, image }, opts);
  if (config.autoscaling !== 'none') {
    const deployment = replicas.deployment.metadata.name;
    new Autoscaling('autoscaling', scalingArgs(config, { namespace, deployment }), opts);
  }
  new NetworkPolicies('network-policies', policiesArgs(config, { namespace, redisPorts: redis.ports }), opts);
  if (config.monitoring !== 'none') new Monitoring('monitoring', monitoringArgs(config, namespace), opts);

  return {
    url: edge.url,
    address: edge.address,
    rootCertificate: certificates.rootCertificate,
    kubeconfig: cluster.kubeconfig,
    playCommand: `npm run play -- --stack ${config.stack}`,
    loadCommand: `npm run play -- --stack ${config.stack} --games 100`,
  };
}

/** How many replicas there are, and who decides it. */
const scale = ({ replicas, maxReplicas, autoscaling }: Config) => ({
  replicas,
  maxReplicas,
  scaled: autoscaling !== 'none',
});

/** The program as the engine runs it. */
export async function run(): Promise<Outputs> {
  try {
    const config = stackConfig(pulumi.getStack(), pulumi.runtime.allConfig());
    await requireStackChangeable(config);
    new RecordedConfiguration('configuration', config);
    return await gridlock(config);
  } catch (error) {
    // A wrong configuration is a sentence for its author, not a stack trace.
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
