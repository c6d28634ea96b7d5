// The only module that loads OpenTelemetry's SDK. It is imported only if traces are on.
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Transport } from '../../protocol/index.ts';
import { BoundedExport } from './bounded-export.ts';
import type { TraceSettings } from './trace-settings.ts';
import type { CountSpans, Step, Trace, Traces } from './traces.ts';

/** How long a drain may wait for the collector. */
const FLUSH_MS = 1000;
/** How long a collector may take to answer. */
const EXPORT_MS = 5000;

const INTERNAL: SpanOptions = { kind: SpanKind.INTERNAL };
const REDIS: SpanOptions = { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'redis' } };
/** During the steps of kind `CLIENT`, this replica waits for Redis or for another replica. */
const STEPS: Readonly<Record<Step, SpanOptions>> = {
  identify: INTERNAL,
  fence: REDIS,
  decide: INTERNAL,
  append: REDIS,
  forward: { kind: SpanKind.CLIENT },
  deliver: INTERNAL,
};

export interface OtlpTracesOptions {
  readonly settings: TraceSettings;
  readonly replica: string;
  /** Counts spans by their outcome. */
  readonly count: CountSpans;
}

/** Traces requests with the SDK of OpenTelemetry, and exports them by OTLP over HTTP. */
export class OtlpTraces implements Traces {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor({ settings, replica, count }: OtlpTracesOptions) {
    const { url, sampleRatio, serviceName, attributes } = settings;
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS });
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(
        resourceFromAttributes({ ...attributes, 'service.name': serviceName, 'service.instance.id': replica }),
      ),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [new BoundedExport(exporter, count)],
    });
    this.#tracer = this.#provider.getTracer('gridlock');
  }

  handshake(transport: Transport, traceparent: string | undefined): Trace {
    const options = { kind: SpanKind.SERVER, attributes: { 'gridlock.transport': transport } };
    return new OtlpTrace(this.#tracer, this.#tracer.startSpan('handshake', options, contextOf(traceparent)));
  }

  command(handshake: SpanContext | undefined): Trace | undefined {
    const links = handshake === undefined ? [] : [{ context: handshake }];
    return this.#sampled(this.#tracer.startSpan('command', { kind: SpanKind.SERVER, links }, ROOT_CONTEXT));
  }

  passedOn(traceparent: string): Trace | undefined {
    const kind = SpanKind.SERVER;
    return this.#sampled(this.#tracer.startSpan('passed on', { kind }, contextOf(traceparent)));
  }

  async stop(): Promise<void> {
    const flushed = this.#provider.shutdown().catch(() => undefined);
    await Promise.race([flushed, delay(FLUSH_MS, undefined, { ref: false })]);
  }

  #sampled(span: Span): Trace | undefined {
    return span.isRecording() ? new OtlpTrace(this.#tracer, span) : undefined;
  }
}

/** The context to continue. It begins a new trace if `traceparent` is missing or invalid. */
function contextOf(traceparent: string | undefined): Context {
  const told = traceparent === undefined ? null : parseTraceParent(traceparent);
  return told === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...told, isRemote: true });
}

class OtlpTrace implements Trace {
  readonly #tracer: Tracer;
  readonly #span: Span;

  constructor(tracer: Tracer, span: Span) {
    this.#tracer = tracer;
    this.#span = span;
  }

  get context(): SpanContext {
    return this.#span.spanContext();
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.context;
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  step(name: Step): Trace {
    const parent = trace.setSpan(ROOT_CONTEXT, this.#span);
    return new OtlpTrace(this.#tracer, this.#tracer.startSpan(name, STEPS[name], parent));
  }

  end(attributes: Attributes = {}): void {
    this.#span.setAttributes(attributes).end();
  }

  fail(reason: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: reason }).end();
  }
}
