import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Transport } from '../../protocol/index.ts';

/** The parts of a request whose time is measured. */
export type Step = 'identify' | 'fence' | 'decide' | 'append' | 'forward' | 'deliver';

/** A traced request, or one step of it. It never holds a player, a room or a token. */
export interface Trace {
  /** Identifies this trace, for links from others. */
  readonly context: SpanContext;
  /** The same as text, for another replica that continues the trace. */
  readonly traceparent: string;
  step(name: Step): Trace;
  end(attributes?: Attributes): void;
  /** Ends it as failed. */
  fail(reason: string): void;
}

/** Traces requests through this replica, and sends the spans to a collector. A replica has none if traces are off. */
export interface Traces {
  /** Begins tracing a handshake. It continues the edge's trace, sampled or not as the edge decided. */
  handshake(transport: Transport, traceparent: string | undefined): Trace;
  /** Begins tracing a command on a connection that `handshake` opened; undefined if the command is not sampled. */
  command(handshake: SpanContext | undefined): Trace | undefined;
  /** Continues the trace of a command that another replica passed on. */
  passedOn(traceparent: string): Trace | undefined;
  /** Sends the remaining spans, for at most a second. */
  stop(): Promise<void>;
}

/** The outcome of a span. */
export type SpanOutcome = 'exported' | 'failed' | 'dropped';
export type CountSpans = (outcome: SpanOutcome, spans: number) => void;

/** The traced commands of a batch. A step of the whole batch becomes a step of each of them. */
export class TracedBatch {
  readonly #traces: readonly Trace[];
  #steps: readonly Trace[] = [];

  constructor(traces: readonly Trace[]) {
    this.#traces = traces;
  }

  begin(step: Step): void {
    this.#steps = this.#traces.map((trace) => trace.step(step));
  }

  end(attributes?: Attributes): void {
    for (const step of this.#steps) step.end(attributes);
    this.#steps = [];
  }

  /** Ends the steps as failed. */
  fail(reason: string): void {
    for (const step of this.#steps) step.fail(reason);
    this.#steps = [];
  }
}
