import { existsSync } from 'node:fs';
import path from 'node:path';
import { CHARTS, type ChartName } from '../../infra/config/cluster-keys.ts';
import { ConfigError } from '../../infra/config/config.ts';

export type Mode = 'full' | 'plain';

/** The options of a run of the end-to-end test. */
export interface Options {
  /** Without it, the best possible mode. */
  readonly mode: Mode | undefined;
  /** Directory with a directory for each chart. */
  readonly charts: string | undefined;
  /** Images of this machine's Docker to put into the cluster, for networks without a registry. */
  readonly load: readonly string[];
  /** Where the figures are written as JSON. */
  readonly json: string | undefined;
  /** Leaves the cluster and its state. */
  readonly keep: boolean;
  /** Keys of the configuration that were given as flags. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The charts of the stack that is tested. */
const USED: readonly ChartName[] = ['certManager', 'trustManager', 'ingress', 'metricsServer'];

/** The `charts` of the configuration for a directory that holds them. @throws ConfigError when one is missing */
export function chartsIn(directory: string): Record<string, { source: string }> {
  const entries = USED.map((name) => {
    const source = path.resolve(directory, CHARTS[name].name);
    if (existsSync(path.join(source, 'Chart.yaml'))) return [name, { source }] as const;
    throw new ConfigError(`--charts ${directory} has no chart ${CHARTS[name].name}: unpack it to ${source}.`);
  });
  return Object.fromEntries(entries);
}
