import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../infra/local/wait.ts';
import { FREE } from '../../services/protocol/index.ts';
import type { ClientHistory } from '../history/history.ts';
import { RecordingPlayer } from '../history/player.ts';
import type { Cluster } from '../kit/cluster.ts';
import { decidedBy, forwardedShare } from './forwarded.ts';

const PLAYERS = 4;
const AT_ONCE = 20;
const WAIT_MS = 60_000;

interface Table {
  readonly game: string;
  readonly seats: readonly RecordingPlayer[];
}

/** Players who write down what they see, some of them at play in games of four. */
export class Crowd {
  readonly players: readonly RecordingPlayer[];
  readonly #playing = new AbortController();
  /** Of every move that was acknowledged: by whom, when, and how long it took, in milliseconds. */
  readonly timings: { player: RecordingPlayer; at: number; tookMs: number }[] = [];
  #tables: readonly Table[] = [];

  private constructor(players: readonly RecordingPlayer[]) {
    this.players = players;
  }

  static async connect(cluster: Pick<Cluster, 'url' | 'rootPem'>, count: number): Promise<Crowd> {
    const players: RecordingPlayer[] = [];
    while (players.length < count) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - players.length) }, (_, index) =>
        RecordingPlayer.connect(cluster, `Player ${players.length + index}`),
      );
      players.push(...(await Promise.all(batch)));
    }
    return new Crowd(players);
  }

  get histories(): ClientHistory[] {
    return this.players.map((player) => player.history());
  }

  get reconnects(): number {
    return this.players.reduce((sum, { client }) => sum + client.health.reconnects, 0);
  }

  /** Events that reached anybody. */
  get received(): number {
    return this.players.reduce((sum, { events }) => sum + events, 0);
  }

  get moves(): number {
    return this.players.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** How many are on each replica, by APPID. */
  get placement(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { replica } of this.players) counts[replica] = (counts[replica] ?? 0) + 1;
    return counts;
  }

  /** Seats the first of them in so many games, which begin. */
  async seat(games: number): Promise<void> {
    const groups = Array.from({ length: games }, (_, index) =>
      this.players.slice(index * PLAYERS, (index + 1) * PLAYERS),
    );
    this.#tables = await Promise.all(
      groups.map(async (seats) => {
        const [host, ...guests] = seats as [RecordingPlayer, ...RecordingPlayer[]];
        const { game } = await host.client.create({ players: seats.length, size: 16, seconds: 300 });
        for (const { client } of guests) await client.join(game);
        await Promise.all(seats.map((player) => player.until(game, ({ state }) => state.status === 'active')));
        return { game, seats };
      }),
    );
  }

  /**
   * Everybody at a table captures a cell about every `moveMs`. Gives what ends that, and resolves when all have seen
   * what anybody saw or was promised.
   */
  play(moveMs: number): () => Promise<void> {
    const played = this.#tables.flatMap(({ game, seats }) =>
      seats.map((player) => this.#capture(player, game, moveMs)),
    );
    return async () => {
      this.#playing.abort();
      await Promise.all(played);
      await Promise.all(this.#tables.map(caughtUp));
    };
  }

  /** Resolves when so many more moves are acknowledged. */
  async acknowledged(moves: number): Promise<void> {
    const goal = this.moves + moves;
    await this.#wait(`${moves} more moves`, () => this.moves >= goal);
  }

  /** Resolves when somebody is on that replica. */
  async until(appId: string): Promise<void> {
    await this.#wait(`a player on replica ${appId}`, () => this.players.some(({ replica }) => replica === appId));
  }

  /** Resolves when for two seconds nobody moved, and of a cluster in the stateful design no move was passed on. */
  async settled(cluster: Pick<Cluster, 'status'>): Promise<void> {
    for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline; ) {
      const [reconnects, before] = [this.reconnects, await decidedBy(cluster)];
      await delay(2000);
      if (this.reconnects === reconnects && forwardedShare(before, await decidedBy(cluster)) === 0) return;
    }
    throw new Error(`The players are not settled: ${JSON.stringify(this.placement)}.`);
  }

  close(): void {
    this.#playing.abort();
    for (const { client } of this.players) client.close();
  }

  async #capture(player: RecordingPlayer, game: string, moveMs: number): Promise<void> {
    const { signal } = this.#playing;
    while (!signal.aborted && player.client.game(game)?.state.status === 'active') {
      const { cells } = player.client.game(game)!.state;
      const free = cells.flatMap((holder, cell) => (holder === FREE ? [cell] : []));
      if (free.length === 0) return;
      const from = performance.now();
      const seq = await player.capture(game, free[Math.floor(Math.random() * free.length)]!);
      const at = performance.now();
      if (seq !== undefined) this.timings.push({ player, at, tookMs: at - from });
      await delay(moveMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  #wait(what: string, isSo: () => boolean): Promise<true> {
    return waitFor(async () => isSo() || undefined, { what, timeoutMs: WAIT_MS, intervalMs: 50 });
  }
}

async function caughtUp({ game, seats }: Table): Promise<void> {
  const promised = seats.flatMap((player) => player.history().acknowledged.map(({ seq }) => seq));
  const newest = Math.max(...promised, ...seats.map(({ client }) => client.game(game)?.seq ?? 0));
  await Promise.all(seats.map((player) => player.until(game, ({ seq }) => seq >= newest)));
}
