import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { CountSpans } from './traces.ts';

/** Spans that wait for the collector at most: what comes beyond is dropped. */
export const MOST_WAITING = 2048;
/** Spans sent at once: writing them as JSON holds up the moves of that time. */
const BATCH = 64;
/** How long a span waits for others. */
const GATHER_MS = 1000;

/**
 * Exports spans in batches, one after the other, and counts what becomes of them. A collector that is slow or gone
 * costs spans, and no more memory than the queue and one batch.
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
    // Spans are looked at when they have ended.
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
