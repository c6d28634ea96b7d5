import { Counter, Gauge, type Registry } from 'prom-client';
import type { ServerLoad } from '../redis/server-load.ts';

/** A value that is older than this is no longer reported, so a graph has a gap instead of an outdated line. */
const STALE_MS = 10_000;

/** One node of Redis as a replica sees it. */
export interface NodeLoad {
  /** host:port */
  readonly node: string;
  readonly load: ServerLoad;
  /** How long it took to answer. */
  readonly seconds: number;
}

type Reading = readonly [name: string, help: string, value: (one: NodeLoad) => number];

const GAUGES: readonly Reading[] = [
  ['memory_bytes', 'Memory in use', ({ load }) => load.memoryBytes],
  ['memory_limit_bytes', 'maxmemory; 0 where there is none', ({ load }) => load.memoryLimitBytes],
  ['clients', 'Open connections', ({ load }) => load.clients],
  ['replicas', 'Replicas that are connected', ({ load }) => load.replicas],
  ['replica_lag_bytes', 'How far the slowest replica is behind', ({ load }) => load.replicaLagBytes],
  ['persistent', '1 while writes reach the append-only file', ({ load }) => Number(load.isPersistent)],
  ['uptime_seconds', 'Seconds since it was started', ({ load }) => load.uptimeSeconds],
  ['round_trip_seconds', 'How long INFO took, from this replica', ({ seconds }) => seconds],
];

/** Redis counts these itself: they fall to 0 when it starts again, as those of any process do. */
const COUNTERS: readonly Reading[] = [
  ['commands_total', 'Commands carried out', ({ load }) => load.commands],
  ['failed_commands_total', 'Commands answered by an error', ({ load }) => load.failedCommands],
  ['cpu_seconds_total', 'Processor time', ({ load }) => load.cpuSeconds],
  ['received_bytes_total', 'Bytes received', ({ load }) => load.receivedBytes],
  ['sent_bytes_total', 'Bytes sent', ({ load }) => load.sentBytes],
];

/**
 * Redis as the replicas see it: they ask it every few seconds anyway. All of them tell the same, so a query takes the
 * maximum by `node`.
 */
export class RedisMetrics {
  #nodes: readonly NodeLoad[] = [];
  #heardAt = -Infinity;

  constructor(registry: Registry) {
    const nodes = () => this.#fresh;
    const common = ([name, help]: Reading) => ({
      name: `gridlock_redis_${name}`,
      help: `Redis: ${help}`,
      labelNames: ['node'],
      registers: [registry],
    });
    for (const reading of GAUGES) {
      new Gauge({
        ...common(reading),
        collect() {
          this.reset();
          for (const one of nodes()) this.set({ node: one.node }, reading[2](one));
        },
      });
    }
    for (const reading of COUNTERS) {
      new Counter({
        ...common(reading),
        collect() {
          this.reset();
          for (const one of nodes()) this.inc({ node: one.node }, reading[2](one));
        },
      });
    }
  }

  take(nodes: readonly NodeLoad[]): void {
    this.#nodes = nodes;
    this.#heardAt = performance.now();
  }

  get #fresh(): readonly NodeLoad[] {
    return performance.now() - this.#heardAt < STALE_MS ? this.#nodes : [];
  }
}
