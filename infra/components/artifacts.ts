import { CHARTS, type ChartName } from '../config/cluster-keys.ts';
import type { Config } from '../config/config.ts';
import { fromCheckout } from '../config/config.ts';

/** The fields of `helm.v3.Release` for a chart's place. */
export interface ChartPlace {
  chart: string;
  version?: string;
  repositoryOpts?: { repo: string };
}

/**
 * Where a chart comes from by the configuration: a directory or archive, a registry, or a chart repository.
 */
export function chartPlace(config: Pick<Config, 'charts'>, name: ChartName): ChartPlace {
  const { source, version } = config.charts[name];
  if (version === '') return { chart: fromCheckout(source) };
  if (source.startsWith('oci://')) return { chart: source, version };
  return { chart: CHARTS[name].name, version, repositoryOpts: { repo: source } };
}

/**
 * An image reference as this cluster pulls it: with the mirror of the configuration in front, if there is
 * one.
 */
export function mirrored(config: Pick<Config, 'imageMirror'>, reference: string): string {
  return config.imageMirror === '' ? reference : `${config.imageMirror}/${reference}`;
}
