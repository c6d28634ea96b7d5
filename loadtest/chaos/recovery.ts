import { FREE } from '../../services/protocol/index.ts';
import { findViolations } from '../history/history.ts';
import { RecordingPlayer } from '../history/player.ts';
import { startCluster } from '../kit/cluster.ts';
import { percentile } from '../measure/statistics.ts';
import { inTime, pause } from './pause.ts';
import { Random } from './random.ts';
import type { Design } from './stage.ts';

export interface RecoveryOptions {
  readonly design: Design;
  /** A multiple of four. */
  readonly clients: number;
  readonly kills: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

/** What one kill of a replica meant to its clients. Times are milliseconds from the signal on. */
export interface Recovery {
  readonly design: Design;
  readonly clients: number;
  /** Those whose socket the replica held. */
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
const CONNECTING_AT_ONCE = 20;
/** Between two moves of a client: with a thousand of them a hundred moves a second. */
const PACE_MS = 10_000;
const PATIENCE_MS = 60_000;
const END_MS = 20_000;

/** Kills one of four replicas while clients, four in a game, play slowly, and waits until every one is resumed. */
export async function measureRecovery({ design, clients, kills, seed, report }: RecoveryOptions): Promise<Recovery[]> {
  const random = Random.of(seed, `${design} recovery`);
  report(`${design}: starting a cluster`);
  const cluster = await startCluster({ design, replicas: 4, maxConnections: 2 * clients + 1000 });
  const results: Recovery[] = [];
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const { replicas } = await cluster.settled();
      const crowd = new Crowd(random);
      try {
        report(`${design} ${kill}: connecting ${clients} clients`);
        await crowd.connect(cluster, clients);
        const { appId, pid } = random.pick(replicas);
        // Not through the supervisor: to ask it how things stand would cost what is measured.
        const result = await crowd.survive(appId, () => process.kill(pid!, 'SIGKILL'));
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

class Crowd {
  readonly #players: RecordingPlayer[] = [];
  readonly #games = new Map<RecordingPlayer, string>();
  readonly #random: Random;
  readonly #stop = new AbortController();
  #playing: Promise<unknown> = Promise.resolve();

  constructor(random: Random) {
    this.#random = random;
  }

  async connect(target: Parameters<typeof RecordingPlayer.connect>[0], count: number): Promise<void> {
    let next = 0;
    const connectSome = async () => {
      while (next < count) {
        const number = (next += 1);
        this.#players.push(await RecordingPlayer.connect(target, `Player ${number}`, { routeByGame: false }));
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectSome));
    // Of each game the players came one after the other, which the edge has spread over the replicas.
    for (let index = 0; index < count; index += GAME.players) {
      const [host, ...guests] = this.#players.slice(index, index + GAME.players) as [
        RecordingPlayer,
        ...RecordingPlayer[],
      ];
      const { game } = await host.client.create(GAME);
      await Promise.all(guests.map(({ client }) => client.join(game)));
      for (const player of [host, ...guests]) this.#games.set(player, game);
    }
    await Promise.all(
      [...this.#games].map(([player, game]) => player.until(game, ({ state }) => state.status === 'active')),
    );
    this.#playing = Promise.all([...this.#games].map(([player, game]) => this.#play(player, game)));
    this.#playing.catch(() => undefined);
  }

  async survive(appId: string, kill: () => void): Promise<Omit<Recovery, 'design' | 'clients'>> {
    const struck = this.#players.filter(({ replica }) => replica === appId);
    const back = new Map<RecordingPlayer, { at: number; isExact: boolean }>();
    const resumed = new Promise<void>((resolve) => {
      for (const player of struck) {
        const note = (isExact: boolean) => {
          if (back.has(player) || player.client.health.reconnects === 0) return;
          back.set(player, { at: performance.now(), isExact });
          if (back.size === struck.length) resolve();
        };
        player.client.on('recovered', () => note(true));
        player.client.on('snapshot', () => note(false));
      }
    });
    const killedAt = performance.now();
    kill();
    if (struck.length > 0) await inTime(resumed, PATIENCE_MS);
    this.#stop.abort();
    await this.#playing;
    const isSettled = await this.#settled();
    const times = [...back.values()].map(({ at }) => at - killedAt).sort((left, right) => left - right);
    const exactly = [...back.values()].filter(({ isExact }) => isExact).length;
    const violations = findViolations(this.#players.map((player) => player.history()));
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
        ...violations.map(({ fault, player, detail }) => `${fault}: ${player}, ${detail}`),
        ...(struck.length === 0 ? [`Nobody was connected to ${appId}, so that nothing is proved.`] : []),
        ...(notBack > 0 ? [`${notBack} clients were not resumed within ${PATIENCE_MS} ms.`] : []),
        ...(isSettled ? [] : ['The players of a game do not come to the same end of its history.']),
      ],
    };
  }

  close(): void {
    this.#stop.abort();
    for (const { client } of this.#players) client.close();
  }

  /** True once all players of each game know the same history. */
  async #settled(): Promise<boolean> {
    const deadline = performance.now() + END_MS;
    const isSame = () => {
      const seqs = new Map<string, number | undefined>();
      return [...this.#games].every(([{ client }, game]) => {
        const seq = client.game(game)?.seq;
        if (!seqs.has(game)) seqs.set(game, seq);
        return seq !== undefined && seqs.get(game) === seq;
      });
    };
    while (!isSame()) {
      if (performance.now() > deadline) return false;
      await pause(50);
    }
    return true;
  }

  async #play(player: RecordingPlayer, game: string): Promise<void> {
    const { signal } = this.#stop;
    await pause(this.#random.between(0, PACE_MS), signal);
    while (!signal.aborted) {
      const { cells } = player.client.game(game)?.state ?? { cells: [] };
      const free = cells.flatMap((seat, cell) => (seat === FREE ? [cell] : []));
      if (free.length === 0) return;
      await player.capture(game, this.#random.pick(free));
      await pause(PACE_MS, signal);
    }
  }
}
