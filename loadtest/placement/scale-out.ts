import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, ONE_ADDRESS, startCluster } from '../kit/cluster.ts';
import { Crowd, unevenly } from '../kit/crowd.ts';
import { gridViolations } from '../kit/grid-player.ts';
import type { Violation } from '../kit/history.ts';
import type { Design } from '../kit/options.ts';
import { members } from '../kit/replica-metrics.ts';

/** Figures of a replica that joins a cluster under play. Times are milliseconds. */
export interface ScaleOut {
  readonly sockets: number;
  readonly replicas: number;
  /** From the moment the replica joined until every replica was near the mean; undefined when that never happened. */
  readonly evenAfterMs: number | undefined;
  /** Players who ended on a replica other than the one they began on. */
  readonly moved: number;
  /** Reconnects of all players together. */
  readonly reconnects: number;
  readonly perReplica: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  /** The findings of the history checker: lost, repeated or missing events. */
  readonly violations: readonly Violation[];
}

export interface ScaleOutOptions {
  readonly sockets: number;
  /** Games of four players each; a player without a game only has a socket. */
  readonly games: number;
  /** Between two moves of a player. */
  readonly moveMs: number;
  readonly withinMs: number;
  /** The distance from the mean, as a fraction of it, that counts as even. */
  readonly tolerance?: number;
}

const LOOK_MS = 100;

/** Stops the last replica of a cluster, fills the others with players, and lets it join while they play. */
export async function scaleOut(cluster: Cluster, options: ScaleOutOptions): Promise<ScaleOut> {
  const { sockets, games, moveMs, withinMs, tolerance = 0.1 } = options;
  const { replicas } = await cluster.status();
  const late = replicas.at(-1)!;
  process.kill(late.pid!, 'SIGSTOP');
  let crowd: Crowd | undefined;
  try {
    await cluster.rotation(replicas.slice(0, -1).map(({ name }) => name));
    crowd = await Crowd.connect(cluster, sockets);
    await crowd.seat(games);
    // Until then the others treat it as an existing replica.
    await members(cluster, replicas.length - 1);
    crowd.play(unevenly(moveMs));
    const [before, reconnects] = [crowd.players.map(({ replica }) => replica), crowd.reconnects];
    const mean = sockets / replicas.length;
    const isEven = ({ placement }: Crowd) =>
      replicas.every(({ appId }) => Math.abs((placement[appId] ?? 0) - mean) <= mean * tolerance);
    process.kill(late.pid!, 'SIGCONT');
    const from = performance.now();
    let evenAfterMs: number | undefined;
    while (evenAfterMs === undefined && performance.now() - from < withinMs) {
      await delay(LOOK_MS);
      if (isEven(crowd)) evenAfterMs = Math.round(performance.now() - from);
    }
    await crowd.stop();
    return {
      sockets,
      replicas: replicas.length,
      evenAfterMs,
      moved: crowd.players.filter(({ replica }, index) => replica !== before[index]).length,
      reconnects: crowd.reconnects - reconnects,
      perReplica: crowd.placement,
      acknowledged: crowd.moves.length,
      violations: gridViolations(crowd.histories),
    };
  } finally {
    process.kill(late.pid!, 'SIGCONT');
    crowd?.close();
  }
}

export interface PlacementOptions {
  readonly design: Design;
  readonly sockets: number;
  readonly replicas: number;
}

/** Lets the last replica join a cluster under play, and prints the result. Resolves with the exit code. */
export async function runPlacement({ design, sockets, replicas }: PlacementOptions): Promise<number> {
  const cluster = await startCluster({ design, replicas, env: ONE_ADDRESS });
  try {
    // Half of them play, four in a game.
    const games = Math.floor(sockets / 8);
    const { violations, ...found } = await scaleOut(cluster, { sockets, games, moveMs: 2000, withinMs: 90_000 });
    process.stdout.write(`${JSON.stringify({ design, ...found, violations: violations.length }, undefined, 2)}\n`);
    return violations.length > 0 ? 1 : 0;
  } finally {
    await cluster.stop();
  }
}
