import type { ChartPlace } from '../components/artifacts.ts';
import { CHARTS, type ChartName } from '../config/cluster-keys.ts';
import { type Config, fromCheckout } from '../config/config.ts';

/** The source of a chart in the configuration: a directory or archive, a registry, or a chart repository. */
export function chartPlace(config: Pick<Config, 'charts'>, name: ChartName): ChartPlace {
  const { source, version } = config.charts[name];
  if (version === '') return { chart: fromCheckout(source) };
  if (source.startsWith('oci://')) return { chart: source, version };
  return { chart: CHARTS[name].name, version, repositoryOpts: { repo: source } };
}
