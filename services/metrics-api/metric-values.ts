import { GROUP, type Metric, type Version } from './discovery.ts';

export interface Measured {
  readonly pod: string;
  readonly value: number;
}

/** A number as Kubernetes writes quantities: whole, or in thousandths. */
export const quantity = (value: number): string =>
  Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`;

/** The answer of the custom metrics API, in the words of a version. */
export function metricValues(
  version: Version,
  metric: Metric,
  namespace: string,
  measured: readonly Measured[],
  now: Date,
): object {
  // To the second, as Kubernetes writes times.
  const timestamp = `${now.toISOString().slice(0, 19)}Z`;
  const named = version === 'v1beta1' ? { metricName: metric } : { metric: { name: metric, selector: null } };
  return {
    kind: 'MetricValueList',
    apiVersion: `${GROUP}/${version}`,
    metadata: {},
    items: measured.map(({ pod, value }) => ({
      describedObject: { kind: 'Pod', namespace, name: pod, apiVersion: '/v1' },
      ...named,
      timestamp,
      value: quantity(value),
    })),
  };
}
