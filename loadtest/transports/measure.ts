import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../../services/protocol/index.ts';
import type { Cluster } from '../kit/cluster.ts';
import { percentile } from '../measure/statistics.ts';
import { cpuBetween, type Tiers, tierUsage } from '../measure/tiers.ts';
import { Crowd } from './crowd.ts';
import { tapWire } from './wire.ts';

export interface Plan {
  readonly games: number;
  readonly intervalMs: number;
  readonly seconds: number;
  readonly idle: number;
  readonly idleSeconds: number;
}

/** Times are milliseconds where they do not say otherwise; per connection where it says idle. */
export interface Measured {
  readonly transport: Transport;
  readonly p50: number;
  readonly p99: number;
  readonly moves: number;
  readonly events: number;
  readonly bytesPerEvent: number;
  readonly requestsPerEvent: number;
  readonly replicaMicrosPerEvent: number;
  readonly edgeMicrosPerEvent: number;
  readonly idleBytesPerMinute: number;
  readonly idleRequestsPerMinute: number;
  /** CPU of all replicas and the edge. */
  readonly idleMicrosPerMinute: number;
}

const WARM_UP_MS = 2000;
const MINUTE = 60;

/** Measures a transport through the edge of a running cluster. */
export async function measure(cluster: Cluster, transport: Transport, plan: Plan): Promise<Measured> {
  const { edge, replicas } = await cluster.status();
  const tiers: Tiers = {
    replicas: replicas.flatMap(({ pid }) => pid ?? []),
    edge: edge.pid === undefined ? [] : [edge.pid],
  };
  const wire = await tapWire(Number(new URL(cluster.url).port));
  const server = { url: `https://localhost:${wire.port}`, rootPem: cluster.rootPem };
  /** What happens meanwhile, as differences. */
  const during = async (crowd: Crowd, seconds: number) => {
    await delay(WARM_UP_MS);
    const { tally } = crowd;
    const [usage, bytes, requests, events, moves] = [
      tierUsage(tiers),
      wire.bytes,
      tally.requests,
      tally.events,
      tally.roundTrips.length,
    ];
    await delay(seconds * 1000);
    const cpu = cpuBetween(usage, tierUsage(tiers));
    return {
      cpu: { replicas: cpu['replicas']!, edge: cpu['edge']! },
      bytes: wire.bytes - bytes,
      requests: tally.requests - requests,
      events: tally.events - events,
      roundTrips: tally.roundTrips.slice(moves).sort((left, right) => left - right),
    };
  };

  const active = new Crowd(server, transport);
  const stop = new AbortController();
  const games = Array.from({ length: plan.games }, () => active.play(plan.intervalMs, stop.signal));
  const busy = await during(active, plan.seconds);
  stop.abort();
  await Promise.all(games);
  active.close();

  const waiting = new Crowd(server, transport);
  await waiting.add(plan.idle);
  const idle = await during(waiting, plan.idleSeconds);
  waiting.close();
  await wire.stop();

  const perEvent = (value: number) => value / busy.events;
  const perMinute = (value: number) => (value / plan.idle / plan.idleSeconds) * MINUTE;
  return {
    transport,
    p50: percentile(busy.roundTrips, 0.5),
    p99: percentile(busy.roundTrips, 0.99),
    moves: busy.roundTrips.length,
    events: busy.events,
    bytesPerEvent: perEvent(busy.bytes),
    requestsPerEvent: perEvent(busy.requests),
    replicaMicrosPerEvent: perEvent(1000 * busy.cpu.replicas),
    edgeMicrosPerEvent: perEvent(1000 * busy.cpu.edge),
    idleBytesPerMinute: perMinute(idle.bytes),
    idleRequestsPerMinute: perMinute(idle.requests),
    idleMicrosPerMinute: perMinute(1000 * (idle.cpu.replicas + idle.cpu.edge)),
  };
}
