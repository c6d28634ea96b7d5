import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../infra/local/wait.ts';
import { type ClientOptions, GridlockError } from '../../services/client/node.ts';
import type { Cluster } from './cluster.ts';
import { GridPlayer, gridViolations } from './grid-player.ts';
import type { ClientHistory, Violation } from './history.ts';
import { inTime } from './pause.ts';
import type { WrapPlatform } from './recording-player.ts';
import { decidedBy, forwardedShare } from './replica-metrics.ts';

const CONNECTING_AT_ONCE = 20;
const WAIT_MS = 60_000;
const STILL_MS = 2000;
const RETRY_MS = 200;
/** Refusals that a player may get who was a moment too late. */
const PART_OF_THE_GAME = ['cell_taken', 'game_over'];

export interface GameSettings {
  readonly players: number;
  readonly size: number;
  readonly seconds: number;
  /** Sizes of the first board of each table. They differ, so that later games do not all begin and end together. */
  readonly firstSize?: () => number;
}
const BY_FOURS: GameSettings = { players: 4, size: 16, seconds: 300 };

/**
 * The time when the next move is due, by `performance.now()`. The argument is when the previous one was due; undefined
 * for the first.
 */
export type Pace = (dueAt: number | undefined) => number;

/** Moves at even intervals, however long each takes. */
export const steadily =
  (everyMs: number): Pace =>
  (dueAt) =>
    dueAt === undefined ? performance.now() + Math.random() * everyMs : dueAt + everyMs;

/** Rests after each move for about this long. */
export const unevenly =
  (restMs: number): Pace =>
  (dueAt) =>
    performance.now() + (dueAt === undefined ? 0 : restMs * (0.5 + Math.random()));

/** An acknowledged move: when it was due, sent and acknowledged, by `performance.now()`. */
export interface Move {
  readonly player: GridPlayer;
  readonly dueAt: number;
  readonly sentAt: number;
  readonly at: number;
}

interface Complaint {
  readonly player: string;
  readonly message: string;
}

export interface CrowdReport {
  /** Lost sockets, and the reasons. A socket that comes back and is lost again counts again. */
  readonly dropped: readonly Complaint[];
  /** Moves that were not answered, or refused for a reason that is not part of the game. */
  readonly failed: readonly Complaint[];
  readonly games: number;
  readonly violations: readonly Violation[];
}

interface Table {
  readonly seats: readonly GridPlayer[];
  readonly settings: GameSettings;
  game: string;
}

export interface CrowdOptions {
  readonly client?: Partial<ClientOptions>;
  readonly random?: () => number;
  readonly wrap?: WrapPlatform;
}

/** Players who record what they see, some of them at tables, each of which plays one game after the other. */
export class Crowd {
  readonly players: GridPlayer[] = [];
  readonly moves: Move[] = [];
  readonly #random: () => number;
  readonly #dropped: Complaint[] = [];
  readonly #failed: Complaint[] = [];
  readonly #tables: Table[] = [];
  readonly #pausing = new Set<() => void>();
  #games = 0;
  #stopping = false;
  #playing: Promise<unknown> = Promise.resolve();

  private constructor(random: () => number) {
    this.#random = random;
  }

  /** Resolves when all sockets are open. */
  static async connect(
    cluster: Pick<Cluster, 'url' | 'rootPem'>,
    count: number,
    { client, random = Math.random, wrap }: CrowdOptions = {},
  ): Promise<Crowd> {
    const crowd = new Crowd(random);
    let next = 1;
    const connectSome = async () => {
      while (next <= count) {
        const player = await GridPlayer.connect(cluster, `Player ${next++}`, client, wrap);
        crowd.#watch(player);
        crowd.players.push(player);
      }
    };
    try {
      await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectSome));
    } catch (error) {
      crowd.close();
      throw error;
    }
    return crowd;
  }

  /** Sockets that are open now. */
  get open(): number {
    return this.players.filter(({ client }) => client.state === 'open').length;
  }

  get histories(): ClientHistory[] {
    return this.players.map((player) => player.history());
  }

  get reconnects(): number {
    return this.players.reduce((sum, { client }) => sum + client.health.reconnects, 0);
  }

  /** Events that reached any player. */
  get received(): number {
    return this.players.reduce((sum, { events }) => sum + events, 0);
  }

  /** The number of players on each replica, by APPID. */
  get placement(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { replica } of this.players) counts[replica] = (counts[replica] ?? 0) + 1;
    return counts;
  }

  /** Seats the first players at this many tables, whose first games begin. */
  async seat(tables: number, settings: GameSettings = BY_FOURS): Promise<void> {
    const { players, size, firstSize } = settings;
    const groups = Array.from({ length: tables }, (_, index) =>
      this.players.slice(index * players, (index + 1) * players),
    );
    this.#tables.push(
      ...(await Promise.all(
        groups.map(async (seats) => ({
          seats,
          settings,
          game: await this.#open(seats, { ...settings, size: firstSize?.() ?? size }),
        })),
      )),
    );
  }

  /** All seated players capture free cells at this pace, game after game, until `stop`. */
  play(pace: Pace): void {
    this.#playing = Promise.all(this.#tables.map((table) => this.#playOn(table, pace)));
    // Reported by `stop`.
    this.#playing.catch(() => undefined);
  }

  /**
   * Resolves when the last moves are answered, with whether all players of each table then reached the same end in
   * time.
   */
  async stop(withinMs = WAIT_MS): Promise<boolean> {
    this.#stopping = true;
    for (const wake of this.#pausing) wake();
    await this.#playing;
    return inTime(Promise.all(this.#tables.map(caughtUp)), withinMs);
  }

  report(): CrowdReport {
    const violations = gridViolations(this.histories);
    return { dropped: this.#dropped, failed: this.#failed, games: this.#games, violations };
  }

  /** Resolves when this many more moves are acknowledged. */
  async acknowledged(moves: number): Promise<void> {
    const goal = this.moves.length + moves;
    await this.#wait(`${moves} more moves`, () => this.moves.length >= goal);
  }

  /** Resolves when a player is on that replica. */
  async until(appId: string): Promise<void> {
    await this.#wait(`a player on replica ${appId}`, () => this.players.some(({ replica }) => replica === appId));
  }

  /** Resolves when for two seconds no player changed its replica, and in the stateful design no move was passed on. */
  async settled(cluster: Pick<Cluster, 'status'>): Promise<void> {
    for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline; ) {
      const [reconnects, before] = [this.reconnects, await decidedBy(cluster)];
      await delay(STILL_MS);
      if (this.reconnects === reconnects && forwardedShare(before, await decidedBy(cluster)) === 0) return;
    }
    throw new Error(`The players are not settled: ${JSON.stringify(this.placement)}.`);
  }

  close(): void {
    this.#stopping = true;
    for (const wake of this.#pausing) wake();
    for (const { client } of this.players) client.close();
  }

  #watch(player: GridPlayer): void {
    let open = true;
    player.client.on('state', ({ state, message = state }) => {
      if (open && state !== 'open' && !(state === 'closed' && this.#stopping)) {
        this.#dropped.push({ player: nameOf(player), message });
      }
      open = state === 'open';
    });
  }

  async #open(seats: readonly GridPlayer[], { players, size, seconds }: GameSettings): Promise<string> {
    const [host, ...guests] = seats as [GridPlayer, ...GridPlayer[]];
    const { code: game } = await host.client.create({ players, size, seconds });
    await Promise.all(guests.map(({ client }) => client.join(game)));
    this.#games += 1;
    const active = seats.map((player) => player.until(game, ({ state }) => state.status !== 'waiting'));
    await inTime(Promise.all(active), WAIT_MS);
    return game;
  }

  async #playOn(table: Table, pace: Pace): Promise<void> {
    const { seats, settings } = table;
    while (!this.#stopping) {
      try {
        await Promise.all(seats.map((player) => this.#moveOn(player, table.game, pace)));
        // An acknowledged command has to reach all players before their histories are compared.
        await inTime(caughtUp(table), WAIT_MS);
        if (this.#stopping) return;
        for (const { client } of seats) await client.leave(table.game);
        table.game = await this.#open(seats, settings);
      } catch (error) {
        if (!(error instanceof GridlockError)) throw error;
        this.#failed.push({ player: nameOf(seats[0]!), message: `${error.code}: ${error.message}` });
        await this.#pause(RETRY_MS);
      }
    }
  }

  /** Moves until the game is over. */
  async #moveOn(player: GridPlayer, game: string, pace: Pace): Promise<void> {
    for (let dueAt = pace(undefined); ; dueAt = pace(dueAt)) {
      await this.#pause(dueAt - performance.now());
      const free = this.#stopping ? [] : player.freeCells(game);
      if (free.length === 0) return;
      const refused = player.refusals.length;
      const sentAt = performance.now();
      const seq = await player.capture(game, free[Math.floor(this.#random() * free.length)]!);
      if (seq !== undefined) this.moves.push({ player, dueAt, sentAt, at: performance.now() });
      const refusal = player.refusals[refused];
      if (refusal === undefined || PART_OF_THE_GAME.includes(refusal.code)) continue;
      this.#failed.push({ player: nameOf(player), message: `${refusal.code}: ${refusal.message}` });
    }
  }

  /** Ends early when it is time to stop. A signal with a thousand listeners would cost more than the moves. */
  #pause(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#pausing.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, ms));
      this.#pausing.add(wake);
    });
  }

  #wait(what: string, isSo: () => boolean): Promise<true> {
    return waitFor(async () => isSo() || undefined, { what, timeoutMs: WAIT_MS, intervalMs: 50 });
  }
}

/** Resolves when all players of a table have seen everything that any of them saw or got acknowledged. */
async function caughtUp({ game, seats }: Table): Promise<void> {
  const promised = seats.map((player) => player.lastAcknowledged(game));
  const newest = Math.max(...promised, ...seats.map(({ client }) => client.room(game)?.seq ?? 0));
  await Promise.all(seats.map((player) => player.until(game, ({ seq }) => seq >= newest)));
}

const nameOf = ({ client }: GridPlayer): string => client.player?.name ?? 'unknown';
