import { setTimeout as delay } from 'node:timers/promises';
import type { RunningStatus } from '../../infra/local/system-status.ts';
import { GridlockClient } from '../../services/client/client.ts';
import { nodePlatform } from '../../services/client/node.ts';
import { type Cluster, ONE_ADDRESS, startCluster } from '../kit/cluster.ts';
import { Crowd, unevenly } from '../kit/crowd.ts';
import { gridViolations } from '../kit/grid-player.ts';
import { comparison } from '../kit/markdown-table.ts';
import type { Design } from '../kit/options.ts';
import { cpuBetween, residentBetween, tierUsage } from '../kit/process-usage.ts';
import { conflictsOf, decidedBy, forwardedShare } from '../kit/replica-metrics.ts';
import { ascending, percentile } from '../kit/statistics.ts';

export interface Size {
  readonly replicas: number;
  readonly games: number;
  /** Of each game. */
  readonly players: number;
  /** Between two moves of a player, in milliseconds. */
  readonly moveMs: number;
  readonly seconds: number;
  readonly idle: number;
}

/** The figures of one design on this machine. Times are milliseconds. */
export interface Measured {
  readonly design: Design;
  readonly moves: number;
  readonly p50: number;
  readonly p99: number;
  /** CPU microseconds of a tier for each event that reached a player. */
  readonly cpuPerEvent: Readonly<Record<string, number>>;
  /** Resident bytes of a tier for each connection that does nothing. */
  readonly bytesPerConnection: Readonly<Record<string, number>>;
  /** From the fault to the next acknowledged move of the players on the replica: the median, and the last of them. */
  readonly afterKill: Pause;
  readonly afterDrain: Pause;
  /** The same for players who were not on it, but in a game that it may have held. */
  readonly othersAfterKill: Pause;
  readonly forwarded: number;
  /** Decisions per move that were made again because another replica was first. */
  readonly conflicts: number;
  readonly violations: number;
}

export interface Pause {
  readonly median: number;
  readonly last: number;
  readonly players: number;
}

const BOARD = { size: 16, seconds: 300 };
const SETTLE_MS = 1500;
const FAULT_SECONDS = 8;

/** Starts a cluster of the design, measures it, and takes it down. `say` gets progress lines. */
export async function measure(design: Design, size: Size, say: (line: string) => void): Promise<Measured> {
  say(`${design}: starts ${size.replicas} replicas`);
  const cluster = await startCluster({
    design,
    replicas: size.replicas,
    drainMs: 1500,
    connectionsPerAddress: 100_000,
    connectionRatePerAddress: 100_000,
    refusedRatePerAddress: 100_000,
    env: ONE_ADDRESS,
  });
  try {
    const bytesPerConnection = await idle(cluster, size, say);
    say(`${design}: ${size.games} games of ${size.players}, a move each ${size.moveMs} ms, for ${size.seconds} s`);
    const steady = await play(cluster, size, async (crowd) => {
      await crowd.settled(cluster);
      await delay(SETTLE_MS);
      const tiers = tiersOf(await cluster.status());
      const [used, decided, conflicts, received, from] = [
        tierUsage(tiers),
        await decidedBy(cluster),
        await conflictsOf(cluster),
        crowd.received,
        crowd.moves.length,
      ];
      await delay(1000 * size.seconds);
      const cpu = cpuBetween(used, tierUsage(tiers));
      const events = crowd.received - received;
      const times = ascending(crowd.moves.slice(from).map(({ sentAt, at }) => at - sentAt));
      return {
        moves: times.length,
        p50: percentile(times, 0.5),
        p99: percentile(times, 0.99),
        cpuPerEvent: Object.fromEntries(Object.entries(cpu).map(([tier, ms]) => [tier, (1000 * ms) / events])),
        forwarded: forwardedShare(decided, await decidedBy(cluster)),
        conflicts: ((await conflictsOf(cluster)) - conflicts) / times.length,
      };
    });
    say(`${design}: kills a replica`);
    const killed = await fault(cluster, size, 'SIGKILL');
    say(`${design}: drains a replica`);
    const drained = await fault(cluster, size, 'SIGTERM');
    return {
      design,
      bytesPerConnection,
      ...steady.result,
      afterKill: killed.result.own,
      othersAfterKill: killed.result.others,
      afterDrain: drained.result.own,
      violations: steady.violations + killed.violations + drained.violations,
    };
  } finally {
    await cluster.stop();
  }
}

const tiersOf = ({ replicas, edge, redis }: RunningStatus) => ({
  replicas: replicas.flatMap(({ pid }) => pid ?? []),
  edge: [edge.pid].flatMap((pid) => pid ?? []),
  redis: [redis.pid].flatMap((pid) => pid ?? []),
});

async function idle(cluster: Cluster, { idle: count }: Size, say: (line: string) => void) {
  say(`${count} connections that do nothing`);
  const platform = nodePlatform({ url: cluster.url, ca: cluster.rootPem });
  const clients: GridlockClient[] = [];
  const connect = async (many: number) => {
    for (let left = many; left > 0; left -= 20) {
      const batch = Array.from({ length: Math.min(20, left) }, () => new GridlockClient(platform));
      clients.push(...batch);
      await Promise.all(batch.map((client) => client.connect()));
    }
  };
  const tiers = tiersOf(await cluster.status());
  // The first ones include allocations that happen only once.
  await connect(Math.ceil(count / 5));
  await delay(SETTLE_MS);
  const before = tierUsage(tiers);
  await connect(count);
  await delay(SETTLE_MS);
  const gained = residentBetween(before, tierUsage(tiers));
  for (const client of clients) client.close();
  return Object.fromEntries(Object.entries(gained).map(([tier, bytes]) => [tier, bytes / count]));
}

/** Seats a crowd, lets it play while `task` runs, and judges its histories. */
async function play<T>(cluster: Cluster, size: Size, task: (crowd: Crowd) => Promise<T>) {
  const crowd = await Crowd.connect(cluster, size.players * size.games);
  try {
    await crowd.seat(size.games, { ...BOARD, players: size.players });
    crowd.play(unevenly(size.moveMs));
    const result = await task(crowd);
    await crowd.stop();
    return { result, violations: gridViolations(crowd.histories).length };
  } finally {
    crowd.close();
  }
}

/** Ends the first replica under play, and measures how long each player waited for the next acknowledged move. */
function fault(cluster: Cluster, size: Size, signal: NodeJS.Signals) {
  return play(cluster, size, async (crowd) => {
    await crowd.settled(cluster);
    const victim = (await cluster.status()).replicas[0]!;
    const own = new Set(crowd.players.filter(({ replica }) => replica === victim.appId));
    const from = performance.now();
    await cluster.killReplica(1, signal);
    await delay(1000 * FAULT_SECONDS);
    const firstAfter = new Map<unknown, number>();
    for (const { player, sentAt, at } of crowd.moves) {
      // A move that began before the fault may also have been acknowledged before it.
      if (sentAt < from && at < from) continue;
      if (!firstAfter.has(player)) firstAfter.set(player, at - from);
    }
    const waits = (isOwn: boolean) =>
      ascending([...firstAfter].filter(([player]) => own.has(player as never) === isOwn).map(([, wait]) => wait));
    await cluster.settled();
    return { own: pause(waits(true)), others: pause(waits(false)) };
  });
}

const pause = (waits: readonly number[]): Pause => ({
  median: percentile(waits, 0.5),
  last: waits.at(-1) ?? Number.NaN,
  players: waits.length,
});

const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
const micros = (value: number | undefined) => `${(value ?? Number.NaN).toFixed(0)} µs`;
const kib = (value: number | undefined) => `${((value ?? Number.NaN) / 1024).toFixed(1)} KiB`;
const paused = ({ median, last, players }: Pause) => `${ms(median)}, ${ms(last)} for the last of ${players}`;

const ROWS: [what: string, value: (measured: Measured) => string][] = [
  ['move, round trip through the edge, p50', ({ p50 }) => ms(p50)],
  ['move, round trip through the edge, p99', ({ p99 }) => ms(p99)],
  ['CPU for an event that reaches a player: replicas', ({ cpuPerEvent }) => micros(cpuPerEvent['replicas'])],
  ['CPU for an event that reaches a player: edge', ({ cpuPerEvent }) => micros(cpuPerEvent['edge'])],
  ['CPU for an event that reaches a player: Redis', ({ cpuPerEvent }) => micros(cpuPerEvent['redis'])],
  ['memory of an idle connection: replica', ({ bytesPerConnection }) => kib(bytesPerConnection['replicas'])],
  ['memory of an idle connection: edge', ({ bytesPerConnection }) => kib(bytesPerConnection['edge'])],
  ['SIGKILL of a replica: its players play on after', ({ afterKill }) => paused(afterKill)],
  ['SIGKILL of a replica: the other players play on after', ({ othersAfterKill }) => paused(othersAfterKill)],
  ['drain of a replica: its players play on after', ({ afterDrain }) => paused(afterDrain)],
  ['moves passed on to another replica', ({ forwarded }) => `${(100 * forwarded).toFixed(2)} %`],
  ['moves decided again, because another replica was first', ({ conflicts }) => `${(100 * conflicts).toFixed(2)} %`],
  ['moves measured', ({ moves }) => String(moves)],
  ['lost, repeated or missing events', ({ violations }) => String(violations)],
];

/** The designs side by side, as a Markdown table. */
export const table = (designs: readonly Measured[]): string =>
  comparison(
    designs.map(({ design }) => design),
    designs,
    ROWS,
    () => 'left',
  );
