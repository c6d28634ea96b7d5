// How the configuration of a stack becomes its monitoring.
import type { MonitoringOptions } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { chartPlace } from './charts.ts';

/** With `operator` the Kubernetes cluster has the operator; with `stack` it is installed. Undefined: no monitoring. */
export function monitoringOf(config: Config): MonitoringOptions | undefined {
  const { monitoring, charts } = config;
  if (monitoring === 'none') return undefined;
  return monitoring === 'stack' && charts.monitoring.install
    ? { stack: { chart: chartPlace(config, 'monitoring') } }
    : {};
}
