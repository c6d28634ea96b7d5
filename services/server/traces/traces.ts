import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Transport } from '../../protocol/index.ts';

/** The parts of a request whose time is measured. */
export type Step = 'identify' | 'fence' | 'decide' | 'append' | 'forward' | 'deliver';

/** A request that is traced, or a step of one. What it says names no player, no room and no token. */
export interface Trace {
  /** By which other traces name this one. */
  readonly context: SpanContext;
  /** The same as text, for another replica that goes on. */
  readonly traceparent: string;
  step(name: Step): Trace;
  end(attributes?: Attributes): void;
  /** It did not come to its end. */
  fail(reason: string): void;
}

/** Traces requests through this replica, and sends what it saw to a collector. Undefined where nobody wants traces. */
export interface Traces {
  /** A connection is asked for. It continues the trace that the edge began, sampled or not as the edge decided. */
  handshake(transport: Transport, traceparent: string | undefined): Trace;
  /** A command came on a connection that `handshake` opened. Undefined: not this one. */
  command(handshake: SpanContext | undefined): Trace | undefined;
  /** Another replica passed a command on that it traces. */
  passedOn(traceparent: string): Trace | undefined;
  /** Sends what is left, for a second at most. */
  stop(): Promise<void>;
}

/** The end of a span. */
export type SpanOutcome = 'exported' | 'failed' | 'dropped';
export type CountSpans = (outcome: SpanOutcome, spans: number) => void;

/** The commands of a batch that are traced: what is done for all of them is a step of each. */
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

  /** Of a step that was cut off. */
  fail(reason: string): void {
    for (const step of this.#steps) step.fail(reason);
    this.#steps = [];
  }
}
