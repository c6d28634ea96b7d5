import * as v from 'valibot';

/** Where traces are sent, and which fraction of them. */
export interface TraceSettings {
  /** The collector's address for traces. */
  readonly url: string;
  /** The fraction of commands that is traced, from 0 to 1. For handshakes, the edge decides if there is one. */
  readonly sampleRatio: number;
  readonly serviceName: string;
  /** Further attributes of this process, such as its environment. */
  readonly attributes: Readonly<Record<string, string>>;
}

const endpoint = v.pipe(
  v.string(),
  v.check(
    (text) => endpointUrl(text) !== undefined,
    'is not a URL such as http://127.0.0.1:4318, without a user or a query',
  ),
);
const ratio = v.pipe(
  v.string(),
  v.regex(/^(0?\.\d{1,9}|0|1(\.0{1,9})?)$/, 'is not a number from 0 to 1'),
  v.transform(Number),
);
const attributes = v.pipe(
  v.string(),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    try {
      return Object.fromEntries(value.split(',').map(attribute));
    } catch {
      addIssue({ message: 'is not a list such as deployment.environment.name=live,team=games, with % escapes' });
      return NEVER;
    }
  }),
);

/** The environment variables for traces. The names are OpenTelemetry's; some of the defaults differ. */
export const TRACE_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: v.optional(endpoint),
  OTEL_TRACES_SAMPLER_ARG: v.optional(ratio, '0.01'),
  OTEL_SERVICE_NAME: v.optional(v.string(), 'gridlock'),
  OTEL_RESOURCE_ATTRIBUTES: v.optional(attributes),
};

const Variables = v.object(TRACE_VARIABLES);

/** The settings from the variables; undefined if they name no collector. */
export function traceSettings(env: v.InferOutput<typeof Variables>): TraceSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base } = env;
  if (base === undefined) return undefined;
  return Object.freeze({
    url: endpointUrl(base)!,
    sampleRatio: env.OTEL_TRACES_SAMPLER_ARG,
    serviceName: env.OTEL_SERVICE_NAME,
    attributes: Object.freeze(env.OTEL_RESOURCE_ATTRIBUTES ?? {}),
  });
}

/** The URL for traces: the variable holds the base, and each kind of telemetry has its own path below it. */
function endpointUrl(base: string): string | undefined {
  const url = /[\s@?#]/.test(base) ? null : URL.parse(base);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined;
  return `${url.href.replace(/\/$/, '')}/v1/traces`;
}

function attribute(text: string): [string, string] {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim();
  if (name === '') throw new Error('no name');
  return [decodeURIComponent(name), decodeURIComponent(text.slice(equals + 1).trim())];
}
