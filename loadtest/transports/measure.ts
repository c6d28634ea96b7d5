import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../../services/protocol/index.ts';
import type { Cluster } from '../kit/cluster.ts';
import { Crowd, steadily } from '../kit/crowd.ts';
import { comparison } from '../kit/markdown-table.ts';
import { cpuBetween, type Tiers, tierUsage } from '../kit/process-usage.ts';
import type { WrapPlatform } from '../kit/recording-player.ts';
import { ascending, percentile } from '../kit/statistics.ts';
import { tapWire } from './byte-counting-proxy.ts';

export interface Plan {
  readonly games: number;
  readonly intervalMs: number;
  readonly seconds: number;
  readonly idle: number;
  readonly idleSeconds: number;
}

/** Times are milliseconds unless the name says otherwise. Idle figures are per connection. */
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
const GAME = { players: 2, size: 16, seconds: 300 };

/** Measures a transport through the edge of a running cluster. */
export async function measure(cluster: Cluster, transport: Transport, plan: Plan): Promise<Measured> {
  const { edge, replicas } = await cluster.status();
  const tiers: Tiers = {
    replicas: replicas.flatMap(({ pid }) => pid ?? []),
    edge: edge.pid === undefined ? [] : [edge.pid],
  };
  const wire = await tapWire(Number(new URL(cluster.url).port));
  const server = { url: `https://localhost:${wire.port}`, rootPem: cluster.rootPem };
  let requests = 0;
  const counted: WrapPlatform = (platform) => ({
    ...platform,
    openSocket: (...args) => {
      requests += 1;
      return platform.openSocket(...args);
    },
    request: (...args) => {
      requests += 1;
      return platform.request!(...args);
    },
  });
  const gather = (count: number) =>
    Crowd.connect(server, count, { client: { transports: [transport] }, wrap: counted });
  /** The changes of the counters during the measurement. */
  const during = async (crowd: Crowd, seconds: number) => {
    await delay(WARM_UP_MS);
    const before = { usage: tierUsage(tiers), bytes: wire.bytes, requests, events: crowd.received };
    const moves = crowd.moves.length;
    await delay(seconds * 1000);
    const cpu = cpuBetween(before.usage, tierUsage(tiers));
    return {
      cpu: { replicas: cpu['replicas']!, edge: cpu['edge']! },
      bytes: wire.bytes - before.bytes,
      requests: requests - before.requests,
      events: crowd.received - before.events,
      roundTrips: ascending(crowd.moves.slice(moves).map(({ sentAt, at }) => at - sentAt)),
    };
  };

  const active = await gather(GAME.players * plan.games);
  await active.seat(plan.games, GAME);
  active.play(steadily(plan.intervalMs));
  const busy = await during(active, plan.seconds);
  await active.stop();
  active.close();

  const waiting = await gather(plan.idle);
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

const NAMES: Readonly<Record<Transport, string>> = {
  websocket: 'WebSocket',
  sse: 'server-sent events and POST',
  poll: 'long polling and POST',
};

const one = (value: number) => value.toFixed(1);
const whole = (value: number) => String(Math.round(value));
const ROWS: readonly [string, (measured: Measured) => string][] = [
  ['move, round trip p50 (ms)', ({ p50 }) => one(p50)],
  ['move, round trip p99 (ms)', ({ p99 }) => one(p99)],
  ['bytes on the wire per event', ({ bytesPerEvent }) => whole(bytesPerEvent)],
  ['requests per event', ({ requestsPerEvent }) => requestsPerEvent.toFixed(2)],
  ['CPU of the replicas per event (µs)', ({ replicaMicrosPerEvent }) => whole(replicaMicrosPerEvent)],
  ['CPU of the edge per event (µs)', ({ edgeMicrosPerEvent }) => whole(edgeMicrosPerEvent)],
  ['idle: bytes a minute', ({ idleBytesPerMinute }) => whole(idleBytesPerMinute)],
  ['idle: requests a minute', ({ idleRequestsPerMinute }) => one(idleRequestsPerMinute)],
  ['idle: CPU of replicas and edge a minute (µs)', ({ idleMicrosPerMinute }) => whole(idleMicrosPerMinute)],
];

/** The transports side by side, as Markdown. */
export const markdown = (measured: readonly Measured[]): string =>
  `${comparison(
    measured.map(({ transport }) => NAMES[transport]),
    measured,
    ROWS,
  )}\n`;
