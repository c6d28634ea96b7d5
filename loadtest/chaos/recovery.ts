import type { Room } from '../../services/client/index.ts';
import { ONE_ADDRESS, startCluster } from '../kit/cluster.ts';
import { Crowd } from '../kit/crowd.ts';
import { type GridPlayer, gridViolations } from '../kit/grid-player.ts';
import type { Design } from '../kit/options.ts';
import { inTime } from '../kit/pause.ts';
import { Random } from '../kit/random.ts';
import { ascending, percentile } from '../kit/statistics.ts';

export interface RecoveryOptions {
  readonly design: Design;
  /** A multiple of four. */
  readonly clients: number;
  readonly kills: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

/** The effect of one killed replica on its clients. Times are milliseconds since the signal. */
export interface Recovery {
  readonly design: Design;
  readonly clients: number;
  /** Clients whose socket the replica held. */
  readonly cut: number;
  readonly exactly: number;
  readonly bySnapshot: number;
  readonly notBack: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  readonly faults: readonly string[];
}

const GAME = { players: 4, size: 16, seconds: 300 };
/** The pause between two moves of a client. With a thousand clients this makes a hundred moves a second. */
const PACE_MS = 10_000;
const PATIENCE_MS = 60_000;
const END_MS = 20_000;

/** Kills one of four replicas while clients, four in a game, play slowly. Waits until every client is resumed. */
export async function measureRecovery({ design, clients, kills, seed, report }: RecoveryOptions): Promise<Recovery[]> {
  const random = Random.of(seed, `${design} recovery`);
  report(`${design}: starting a cluster`);
  const cluster = await startCluster({ design, replicas: 4, maxConnections: 2 * clients + 1000, env: ONE_ADDRESS });
  const results: Recovery[] = [];
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const { replicas } = await cluster.settled();
      report(`${design} ${kill}: connecting ${clients} clients`);
      // The players of a game connect one after another, so the edge spreads them over the replicas.
      const crowd = await Crowd.connect(cluster, clients, {
        client: { routeByGame: false },
        random: () => random.next(),
      });
      try {
        await crowd.seat(clients / GAME.players, GAME);
        crowd.play((dueAt) => performance.now() + (dueAt === undefined ? random.between(0, PACE_MS) : PACE_MS));
        const { appId, pid } = random.pick(replicas);
        // Not through the supervisor: asking it for the status would take time that is measured.
        const result = await survive(crowd, appId, () => process.kill(pid!, 'SIGKILL'));
        results.push({ design, clients, ...result });
        const { cut, exactly, bySnapshot, median, max } = result;
        report(
          `${design} ${kill}: ${cut} clients of ${appId} cut, ${exactly} resumed exactly, ${bySnapshot} by ` +
            `snapshot; median ${median} ms, all within ${max} ms`,
        );
      } finally {
        crowd.close();
      }
    }
  } finally {
    await cluster.stop();
  }
  return results;
}

/** Kills the replica, and waits until every client whose socket it held has its game again. */
async function survive(crowd: Crowd, appId: string, kill: () => void): Promise<Omit<Recovery, 'design' | 'clients'>> {
  const struck = crowd.players.filter(({ replica }) => replica === appId);
  const back = new Map<GridPlayer, { at: number; isExact: boolean }>();
  const resumed = new Promise<void>((resolve) => {
    for (const player of struck) {
      const note = (isExact: boolean) => {
        if (back.has(player) || player.client.health.reconnects === 0) return;
        back.set(player, { at: performance.now(), isExact });
        if (back.size === struck.length) resolve();
      };
      const listen = (room: Room) => {
        room.on('recovered', () => note(true));
        room.on('snapshot', () => note(false));
      };
      player.client.rooms.forEach(listen);
      player.client.on('room', listen);
    }
  });
  const killedAt = performance.now();
  kill();
  if (struck.length > 0) await inTime(resumed, PATIENCE_MS);
  const isSettled = await crowd.stop(END_MS);
  const times = ascending([...back.values()].map(({ at }) => at - killedAt));
  const exactly = [...back.values()].filter(({ isExact }) => isExact).length;
  const notBack = struck.length - back.size;
  return {
    cut: struck.length,
    exactly,
    bySnapshot: back.size - exactly,
    notBack,
    median: Math.round(percentile(times, 0.5)),
    p99: Math.round(percentile(times, 0.99)),
    max: Math.round(times.at(-1) ?? Number.NaN),
    faults: [
      ...gridViolations(crowd.histories).map(({ fault, player, detail }) => `${fault}: ${player}, ${detail}`),
      ...(struck.length === 0 ? [`Nobody was connected to ${appId}, so that nothing is proved.`] : []),
      ...(notBack > 0 ? [`${notBack} clients were not resumed within ${PATIENCE_MS} ms.`] : []),
      ...(isSettled ? [] : ['The players of a game do not come to the same end of its history.']),
    ],
  };
}
