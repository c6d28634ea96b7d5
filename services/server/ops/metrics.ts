import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AnyChannelRule, AnyRoomType } from '../../protocol/index.ts';
import { OPERATIONS_EVENTS } from '../../protocol/operations.ts';
import { LabelledCounter, Tally } from './counters.ts';
import * as values from './label-values.ts';
import { RedisMetrics } from './redis-metrics.ts';

/** How often the lag of the event loop is looked at: each look wakes the process, which costs more than what it finds. */
const LAG_MS = 100;

/** What a replica counts. Labels are bounded: types, codes and reasons, never players or games. */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly upgradesRefused = new LabelledCounter({
    name: 'gridlock_upgrades_refused_total',
    help: 'Handshakes refused',
    labels: { reason: values.REFUSED_REASONS },
    registers: this.#registers,
  });
  readonly transportRequests = new LabelledCounter({
    name: 'gridlock_transport_requests_total',
    help: 'Requests without a WebSocket',
    labels: { kind: values.ASKED_KINDS, by: ['holder', 'relay'] },
    registers: this.#registers,
  });
  readonly messagesIn = new Tally({
    name: 'gridlock_messages_in_total',
    help: 'Messages of clients',
    labels: { type: values.MESSAGES_IN },
    registers: this.#registers,
  });
  readonly messagesOut = new Tally({
    name: 'gridlock_messages_out_total',
    help: 'Messages to clients',
    labels: { type: values.MESSAGES_OUT },
    registers: this.#registers,
  });
  readonly delivered = new Tally({
    name: 'gridlock_entries_delivered_total',
    help: 'Entries given to sockets',
    labels: { type: values.ENTRIES },
    registers: this.#registers,
  });
  readonly gapsFilled = new LabelledCounter({
    name: 'gridlock_gap_entries_total',
    help: 'Entries read from a history because no announcement came',
    labels: { type: values.ENTRIES },
    registers: this.#registers,
  });
  readonly feedReads = new LabelledCounter({
    name: 'gridlock_feed_reads_total',
    help: 'Reads of a history to follow it',
    labels: { type: values.ENTRIES },
    registers: this.#registers,
  });
  readonly closes = new LabelledCounter({
    name: 'gridlock_closes_total',
    help: 'Connections closed, by close code',
    labels: { code: values.CLOSED_WITH },
    registers: this.#registers,
  });
  readonly redisErrors = new LabelledCounter({
    name: 'gridlock_redis_errors_total',
    help: 'Failures of Redis',
    labels: { connection: values.STORE_CONNECTIONS },
    registers: this.#registers,
  });
  readonly fences = new LabelledCounter({
    name: 'gridlock_fences_total',
    help: 'Connections closed for a newer one of the same player',
    labels: { by: ['announcement', 'move'] },
    registers: this.#registers,
  });
  readonly resumes = new LabelledCounter({
    name: 'gridlock_resumes_total',
    help: 'Requests to resume',
    labels: { recovered: ['true', 'false'] },
    registers: this.#registers,
  });
  readonly shed = new LabelledCounter({
    name: 'gridlock_sockets_shed_total',
    help: 'Connections sent to another replica',
    labels: { why: values.REASONS_TO_SHED },
    registers: this.#registers,
  });
  readonly decided = new LabelledCounter({
    name: 'gridlock_commands_decided_total',
    help: 'Commands for games',
    labels: { kind: values.COMMAND_KINDS, by: ['owner', 'forwarded'] },
    registers: this.#registers,
  });
  readonly taken = new LabelledCounter({
    name: 'gridlock_games_taken_total',
    help: 'Games taken into memory',
    labels: { from: ['nobody', 'dead', 'silent'] },
    registers: this.#registers,
  });
  readonly events = new LabelledCounter({
    name: 'gridlock_operations_events_total',
    help: 'Events that this replica noted for the operations page',
    labels: { kind: OPERATIONS_EVENTS },
    registers: this.#registers,
  });
  /** `addBackendApi` knows the values of its labels. */
  readonly apiRequests = new Counter({
    name: 'gridlock_api_requests_total',
    help: 'Requests of backends',
    labelNames: ['backend', 'route', 'status'],
    registers: this.#registers,
  });
  readonly spans = new LabelledCounter({
    name: 'gridlock_trace_spans_total',
    help: 'Spans of traces, by outcome',
    labels: { outcome: values.SPAN_OUTCOMES },
    registers: this.#registers,
  });
  readonly redis = new RedisMetrics(this.registry);
  readonly refusals: LabelledCounter<{ code: readonly string[] }>;
  readonly published: LabelledCounter<{ channel: readonly string[] }>;
  readonly conflicts = new Counter({
    name: 'gridlock_append_conflicts_total',
    help: 'Decisions made again, as another replica had written first',
    registers: this.#registers,
  });
  readonly appFaults = new Counter({
    name: 'gridlock_app_faults_total',
    help: 'Commands refused as the application failed',
    registers: this.#registers,
  });
  readonly batches = new Histogram({
    name: 'gridlock_append_batch_commands',
    help: 'Commands decided and appended together',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers: this.#registers,
  });
  readonly commandSeconds = new Histogram({
    name: 'gridlock_command_seconds',
    help: 'From the arrival of a command of the application to its acknowledgement',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: this.#registers,
  });

  /** An application adds its refusals and channels to what is counted. */
  constructor(
    replica: string,
    { refusals = {}, channels = [] }: Pick<Partial<AnyRoomType>, 'refusals' | 'channels'> = {},
  ) {
    this.registry.setDefaultLabels({ replica });
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_MS });
    this.refusals = new LabelledCounter({
      name: 'gridlock_requests_refused_total',
      help: 'Requests answered by error',
      labels: { code: [...values.ERRORS, ...Object.keys(refusals)] },
      registers: this.#registers,
    });
    this.published = new LabelledCounter({
      name: 'gridlock_published_messages_total',
      help: 'Messages published on this replica, by the name of the rule of their channel',
      labels: { channel: channels.map(({ name }: AnyChannelRule) => name) },
      registers: this.#registers,
    });
  }

  /** A gauge that is read when the metrics are. */
  watch(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: this.#registers,
      collect() {
        this.set(value());
      },
    });
  }

  /** The same for each value of a label. */
  watchEach<Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
    read: (value: Value) => number,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: this.#registers,
      collect() {
        for (const value of values) this.set({ [label]: value }, read(value));
      },
    });
  }
}
