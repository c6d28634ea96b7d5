import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What a replica counts. Labels are bounded: types, codes and reasons, never players or games. */
export class Metrics {
  readonly registry = new Registry();
  readonly upgradesRefused = this.#counter('gridlock_upgrades_refused_total', 'Handshakes refused', 'reason');
  readonly transportRequests = this.#counter(
    'gridlock_transport_requests_total',
    'Requests without a WebSocket',
    'kind',
    'by',
  );
  readonly messagesIn = this.#tally('gridlock_messages_in_total', 'Messages of clients', 'type');
  readonly messagesOut = this.#tally('gridlock_messages_out_total', 'Messages to clients', 'type');
  readonly refusals = this.#counter('gridlock_requests_refused_total', 'Requests answered by error', 'code');
  readonly apiRequests = this.#counter(
    'gridlock_api_requests_total',
    'Requests of backends',
    'backend',
    'route',
    'status',
  );
  readonly delivered = this.#tally('gridlock_entries_delivered_total', 'Entries given to sockets', 'type');
  readonly gapsFilled = this.#counter('gridlock_gap_entries_total', 'Entries read, not announced', 'type');
  readonly feedReads = this.#counter('gridlock_feed_reads_total', 'Reads of a history to follow it', 'type');
  readonly published = this.#counter(
    'gridlock_published_messages_total',
    'Messages published on this replica, by the name of the rule of their channel',
    'channel',
  );
  readonly closes = this.#counter('gridlock_closes_total', 'ConnectionSet closed', 'code');
  readonly redisErrors = this.#counter('gridlock_redis_errors_total', 'Failures of Redis', 'connection');
  readonly fences = this.#counter('gridlock_fences_total', 'ConnectionSet closed for a newer one', 'by');
  readonly resumes = this.#counter('gridlock_resumes_total', 'Requests to resume', 'recovered');
  readonly shed = this.#counter('gridlock_sockets_shed_total', 'ConnectionSet sent to another replica', 'why');
  readonly decided = this.#counter('gridlock_commands_decided_total', 'Commands for games', 'kind', 'by');
  readonly taken = this.#counter('gridlock_games_taken_total', 'Games taken into memory', 'from');
  readonly conflicts = new Counter({
    name: 'gridlock_append_conflicts_total',
    help: 'Decisions made again, as another replica had written first',
    registers: [this.registry],
  });
  readonly appFaults = new Counter({
    name: 'gridlock_app_faults_total',
    help: 'Commands refused as the application failed',
    registers: [this.registry],
  });
  readonly batches = new Histogram({
    name: 'gridlock_append_batch_commands',
    help: 'Commands decided and appended together',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers: [this.registry],
  });
  readonly commandSeconds = new Histogram({
    name: 'gridlock_command_seconds',
    help: 'From the arrival of a command of the application to its acknowledgement',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.registry],
  });

  constructor(replica: string) {
    this.registry.setDefaultLabels({ replica });
    collectDefaultMetrics({ register: this.registry });
  }

  /** A gauge that is read when the metrics are. */
  watch(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
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
      registers: [this.registry],
      collect() {
        for (const value of values) this.set({ [label]: value }, read(value));
      },
    });
  }

  #tally<Label extends string>(name: string, help: string, label: Label): Tally<Label> {
    return new Tally({ name, help, label, registers: [this.registry] });
  }

  #counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}

/**
 * A counter of one label for what happens thousands of times a second: it adds up in a map, and the client library,
 * which looks labels up by building a text of them, is told when somebody reads.
 */
export class Tally<Label extends string> extends Counter<Label> {
  readonly #label: Label;
  readonly #counts = new Map<string, number>();

  constructor(options: { name: string; help: string; label: Label; registers: Registry[] }) {
    const { name, help, label, registers } = options;
    super({ name, help, labelNames: [label], registers });
    this.#label = label;
  }

  count(value: string, times = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + times);
  }

  override get() {
    for (const [value, times] of this.#counts) this.inc({ [this.#label]: value } as Record<Label, string>, times);
    this.#counts.clear();
    return super.get();
  }
}
