import * as pulumi from '@pulumi/pulumi';
import { Namespace } from '../components/namespace.ts';
import { WebSocketCluster } from '../components/web-socket-cluster.ts';
import type { WebSocketClusterArgs } from '../components/web-socket-cluster-args.ts';
import { checkAppOfImage } from '../config/app.ts';
import { type Config, ConfigError, stackConfig } from '../config/config.ts';
import { edgeLimits } from '../config/edge-settings.ts';
import { edgeTraces } from '../config/traces.ts';
import { certificateNamesOf, certificatesOf } from './certificates.ts';
import { createCluster } from './create-cluster.ts';
import { edgeOf } from './edge.ts';
import { GridlockImage } from './gridlock-image.ts';
import { GridlockServer } from './gridlock-server.ts';
import { monitoringOf } from './monitoring.ts';
import { CLUSTER } from './names.ts';
import { policiesOf } from './policies.ts';
import { RecordedConfiguration, requireStackChangeable } from './recorded-configuration.ts';
import { redisOf } from './redis.ts';
import { scalingOf } from './scaling.ts';
import { type ServerArgs, userServerArgs } from './server.ts';

/** The outputs that `pulumi stack output` shows. */
export interface Outputs {
  /** The address of the page. */
  url: pulumi.Output<string>;
  /** The load balancer's name or address, for the DNS entry of the host. */
  address: pulumi.Output<string>;
  /** The roots of the edge's certificate, as PEM. */
  rootCertificate: pulumi.Output<string>;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** Plays a game against this stack. */
  playCommand: string;
  /** Plays many games. */
  loadCommand: string;
}

export interface ClusterNeeds {
  readonly namespace: pulumi.Input<string>;
  /** The server that the replicas run. */
  readonly server: ServerArgs;
  /** Image with the agent of the plain edge. */
  readonly agentImage: pulumi.Input<string>;
}

/** The cluster that the configuration describes. */
export const clusterArgs = (config: Config, { namespace, server, agentImage }: ClusterNeeds): WebSocketClusterArgs => ({
  ...server,
  namespace,
  imageMirror: config.imageMirror,
  replicas: config.replicas,
  autoscaling: scalingOf(config),
  acrossZones: config.cluster === 'eks',
  host: config.host,
  ports: { https: config.port, http: config.httpPort },
  limits: edgeLimits(config),
  tlsMinVersion: config.tlsMinVersion,
  traces: edgeTraces(config),
  edge: edgeOf(config, agentImage),
  certificates: certificatesOf(config),
  certificateNames: certificateNamesOf(config),
  redis: redisOf(config),
  networkPolicies: policiesOf(config),
  monitoring: monitoringOf(config),
});

/** The whole system on a cluster, as the configuration describes it. */
export async function gridlock(config: Config): Promise<Outputs> {
  const own = userServerArgs(config);
  if (own === undefined) await checkAppOfImage(config);
  const cluster = await createCluster(config);
  const opts = { provider: cluster.provider };

  const namespace = new Namespace('gridlock', { name: config.namespace, level: 'restricted' }, opts).metadataName;
  // A user's server needs it only for the agent of the plain edge.
  const image =
    own === undefined || config.ingress === 'haproxy'
      ? new GridlockImage('image', { config, cluster }, opts).reference
      : '';
  const server = own ?? {
    ...new GridlockServer('server', { config, namespace, cluster: CLUSTER }, opts).settings,
    image,
  };
  const { url, address, rootCertificate } = new WebSocketCluster(
    CLUSTER,
    clusterArgs(config, { namespace, server, agentImage: image }),
    opts,
  );
  return {
    url,
    address,
    rootCertificate,
    kubeconfig: cluster.kubeconfig,
    playCommand: `npm run play -- --stack ${config.stack}`,
    loadCommand: `npm run play -- --stack ${config.stack} --games 100`,
  };
}

/** The program as the engine runs it. */
export async function run(): Promise<Outputs> {
  try {
    const config = stackConfig(pulumi.getStack(), pulumi.runtime.allConfig());
    await requireStackChangeable(config);
    new RecordedConfiguration('configuration', config);
    return await gridlock(config);
  } catch (error) {
    // A wrong configuration gives a sentence, not a stack trace.
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
