// How the configuration of a stack becomes the scaling of its replicas.
import { MONITORING_NAMESPACE } from '../components/monitoring/monitoring.ts';
import type { PodPlace } from '../components/network-policies/rule.ts';
import type { ScalingOptions } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { chartPlace } from './charts.ts';

/** CPU of one of Gridlock's replicas above which one is added: Node uses one core, and bursts need room. */
const CPU = '700m';

/** Prometheus, where there is one. */
export const prometheus = ({ monitoring }: Pick<Config, 'monitoring'>): PodPlace | undefined =>
  monitoring === 'none' ? undefined : { namespace: MONITORING_NAMESPACE };

/**
 * The gauge of the replicas to scale on; undefined for a server without one, which is scaled on the sessions of the
 * edge.
 */
const gaugeOf = ({ serverImage, scaleOn }: Config): string | undefined =>
  scaleOn === '' ? (serverImage === '' ? 'gridlock_sockets' : undefined) : scaleOn;

/** The scaling of a stack, with KEDA and metrics-server if the stack installs them; undefined without scaling. */
export function scalingOf(config: Config): ScalingOptions | undefined {
  const { autoscaling, charts, cluster, serverImage, maxReplicas: max, socketsPerReplica } = config;
  if (autoscaling === 'none') return undefined;
  const isOwn = autoscaling === 'keda';
  const gauge = gaugeOf(config);
  // How much CPU a user's server may use is not known here.
  const cpu = serverImage === '' ? { cpu: CPU } : {};
  return {
    max,
    socketsPerReplica,
    ...(gauge === undefined ? {} : { gauge }),
    ...cpu,
    ...(isOwn && charts.keda.install
      ? {
          keda: {
            chart: chartPlace(config, 'keda'),
            // One of each is enough on a laptop.
            replicas: cluster === 'kind' ? 1 : 2,
            prometheus: prometheus(config),
          },
        }
      : {}),
    ...(isOwn && serverImage === '' && charts.metricsServer.install
      ? { metricsServer: { chart: chartPlace(config, 'metricsServer'), anyKubelet: cluster === 'kind' } }
      : {}),
  };
}
