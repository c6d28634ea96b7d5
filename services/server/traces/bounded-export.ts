import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { CountSpans } from './traces.ts';

/** The most spans that wait for the collector; further spans are dropped. */
export const MOST_WAITING = 2048;
/** Spans in one request. It is small, because writing them as JSON delays moves. */
const BATCH = 64;
/** How long a span waits for others before the batch is sent. */
const GATHER_MS = 1000;

/**
 * Exports spans in batches, one after the other, and counts what becomes of them. With a slow or missing collector, spans
 * are lost, but memory never holds more than the queue and one batch.
 */
export class BoundedExport implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #count: CountSpans;
  readonly #mostWaiting: number;
  #waiting = 0;

  constructor(exporter: SpanExporter, count: CountSpans, mostWaiting = MOST_WAITING) {
    this.#count = count;
    this.#mostWaiting = mostWaiting;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => this.#export(exporter, spans, done),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: mostWaiting,
      maxExportBatchSize: Math.min(BATCH, mostWaiting),
      scheduledDelayMillis: GATHER_MS,
    });
  }

  onStart(): void {
    // Only ended spans are exported.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= this.#mostWaiting) return this.#count('dropped', 1);
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #export(exporter: SpanExporter, spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#waiting -= spans.length;
    exporter.export(spans, (result) => {
      this.#count(result.code === ExportResultCode.SUCCESS ? 'exported' : 'failed', spans.length);
      done(result);
    });
  }
}
