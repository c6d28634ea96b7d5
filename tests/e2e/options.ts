import { existsSync } from 'node:fs';
import path from 'node:path';
import { CHARTS, type ChartName } from '../../infra/config/cluster-keys.ts';
import { ConfigError } from '../../infra/config/config.ts';

export type Mode = 'full' | 'plain';

/** The options of a run of the end-to-end test. */
export interface Options {
  /** Default: the fullest mode that this machine can run. */
  readonly mode: Mode | undefined;
  /** Directory with a directory for each chart. */
  readonly charts: string | undefined;
  /** Images of this machine's Docker to put into the cluster, for networks without a registry. */
  readonly load: readonly string[];
  /** Where the figures are written as JSON. */
  readonly json: string | undefined;
  /** Names of scenarios; none: all. */
  readonly only: readonly string[];
  /** Leaves the cluster and its state. */
  readonly keep: boolean;
  /** Keys of the configuration that were given as flags. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The charts of every tested stack, and the charts for autoscaling. */
const USED: readonly ChartName[] = ['certManager', 'trustManager', 'ingress'];
const SCALING: readonly ChartName[] = ['keda', 'metricsServer'];

type Sources = Record<string, { source: string }>;

/**
 * The keys of the configuration for a directory of charts. Without KEDA's chart, autoscaling is off.
 * @throws ConfigError when one is missing
 */
export function chartsIn(directory: string): { charts: Sources; autoscaling?: 'none' } {
  const placeOf = (name: ChartName): string => path.resolve(directory, CHARTS[name].name);
  const isThere = (name: ChartName): boolean => existsSync(path.join(placeOf(name), 'Chart.yaml'));
  const isScaled = isThere('keda');
  const names = isScaled ? [...USED, ...SCALING] : USED;
  const missing = names.find((name) => !isThere(name));
  if (missing !== undefined) {
    throw new ConfigError(
      `--charts ${directory} lacks the chart ${CHARTS[missing].name}: unpack it to ${placeOf(missing)}.`,
    );
  }
  const charts = Object.fromEntries(names.map((name) => [name, { source: placeOf(name) }]));
  return isScaled ? { charts } : { charts, autoscaling: 'none' };
}
