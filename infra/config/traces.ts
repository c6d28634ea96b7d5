import type { EdgeTraces } from '../edge/settings.ts';
import type { Values } from './keys.ts';

type TraceKeys = Pick<Values, 'tracesEndpoint' | 'tracesSampleRatio'>;

/** What the edge has to know; undefined where there are no traces. */
export const edgeTraces = ({ tracesEndpoint, tracesSampleRatio }: TraceKeys): EdgeTraces | undefined =>
  tracesEndpoint === '' ? undefined : { sampleRatio: tracesSampleRatio };

/** The variables of OpenTelemetry, for the replicas. */
export const traceVariables = ({ tracesEndpoint, tracesSampleRatio }: TraceKeys) =>
  tracesEndpoint === ''
    ? {}
    : {
        OTEL_EXPORTER_OTLP_ENDPOINT: tracesEndpoint,
        OTEL_TRACES_SAMPLER_ARG: String(tracesSampleRatio),
      };

/** The same for a server of yours, whose SDK would trace everything otherwise. */
export const userTraceVariables = (config: TraceKeys): Readonly<Record<string, string>> =>
  config.tracesEndpoint === '' ? {} : { ...traceVariables(config), OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' };

/** The port of the collector; undefined where there are no traces. */
export function collectorPort({ tracesEndpoint }: TraceKeys): number | undefined {
  if (tracesEndpoint === '') return undefined;
  const { port, protocol } = new URL(tracesEndpoint);
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
