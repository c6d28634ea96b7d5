import type { EdgeTraces } from '../edge/settings.ts';
import type { Values } from './keys.ts';

type TraceKeys = Pick<Values, 'tracesEndpoint' | 'tracesSampleRatio'>;

/** The settings of the edge; undefined if traces are off. */
export const edgeTraces = ({ tracesEndpoint, tracesSampleRatio }: TraceKeys): EdgeTraces | undefined =>
  tracesEndpoint === '' ? undefined : { sampleRatio: tracesSampleRatio };

/** The variables of OpenTelemetry for Gridlock's replicas. */
export const traceVariables = ({ tracesEndpoint, tracesSampleRatio }: TraceKeys) =>
  tracesEndpoint === ''
    ? {}
    : {
        OTEL_EXPORTER_OTLP_ENDPOINT: tracesEndpoint,
        OTEL_TRACES_SAMPLER_ARG: String(tracesSampleRatio),
      };

/** The same for the user's own server, whose SDK would otherwise trace everything. */
export const userTraceVariables = (config: TraceKeys): Readonly<Record<string, string>> =>
  config.tracesEndpoint === '' ? {} : { ...traceVariables(config), OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' };

/** The port of the collector; undefined if traces are off. */
export function collectorPort({ tracesEndpoint }: TraceKeys): number | undefined {
  if (tracesEndpoint === '') return undefined;
  const { port, protocol } = new URL(tracesEndpoint);
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
