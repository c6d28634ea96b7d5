import { setTimeout as delay } from 'node:timers/promises';
import { GridlockError } from '../../services/client/node.ts';
import { FREE } from '../../services/protocol/index.ts';
import { findViolations, type Violation } from '../history/history.ts';
import { RecordingPlayer } from '../history/player.ts';

/** An acknowledged move: when it was due, by `performance.now()`, and how long after that it was acknowledged. */
export interface Move {
  dueAt: number;
  tookMs: number;
}

export interface PlayersReport {
  /** Sockets that were lost, and why; one that comes back and is lost again counts again. */
  dropped: { player: string; message: string }[];
  /** Moves that were not answered, or refused for no reason that belongs to the game. */
  failed: { player: string; message: string }[];
  games: number;
  violations: Violation[];
}

const SIZE = 9;
const SECONDS = 300;
/** What a player may hear who was a moment too late. */
const PART_OF_THE_GAME = ['cell_taken', 'game_over'];
const CONNECTING_AT_ONCE = 20;
const PATIENCE_MS = 60_000;

type Target = ConstructorParameters<typeof RecordingPlayer>[0];

/** Sockets that play: two by two, one game after the other, each moving at its pace. */
export class Players {
  readonly moves: Move[] = [];
  readonly #intervalMs: number;
  readonly #all: RecordingPlayer[] = [];
  readonly #dropped: PlayersReport['dropped'] = [];
  readonly #failed: PlayersReport['failed'] = [];
  #games = 0;
  #stopping = false;
  #stopped: Promise<PlayersReport> | undefined;
  readonly #pausing = new Set<() => void>();
  #playing: Promise<unknown> = Promise.resolve();

  private constructor(movesPerSecond: number) {
    this.#intervalMs = 1000 / movesPerSecond;
  }

  /** Resolves when all sockets are open. `sockets` is even. */
  static async connect(target: Target, sockets: number, movesPerSecond: number): Promise<Players> {
    const players = new Players(movesPerSecond);
    let next = 1;
    const connectSome = async () => {
      while (next <= sockets) {
        const player = await RecordingPlayer.connect(target, `Player ${next++}`);
        players.#watch(player);
        players.#all.push(player);
      }
    };
    try {
      await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectSome));
    } catch (error) {
      players.#close();
      throw error;
    }
    return players;
  }

  /** Sockets that are open now. */
  get open(): number {
    return this.#all.filter(({ client }) => client.state === 'open').length;
  }

  /** Sockets lost so far. */
  get drops(): number {
    return this.#dropped.length;
  }

  start(): void {
    const pairs = this.#all.flatMap((player, index) => (index % 2 === 0 ? [[player, this.#all[index + 1]!]] : []));
    this.#playing = Promise.all(pairs.map((pair) => this.#playOn(pair as [RecordingPlayer, RecordingPlayer])));
    // Told by `stop`.
    this.#playing.catch(() => undefined);
  }

  /** Resolves when the last moves are answered, the sockets are closed and the histories are compared. */
  stop(): Promise<PlayersReport> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<PlayersReport> {
    this.#stopping = true;
    for (const wake of this.#pausing) wake();
    try {
      await this.#playing;
    } finally {
      this.#close();
    }
    const violations = findViolations(this.#all.map((player) => player.history()));
    return { dropped: this.#dropped, failed: this.#failed, games: this.#games, violations };
  }

  #close(): void {
    this.#stopping = true;
    for (const { client } of this.#all) client.close();
  }

  #watch(player: RecordingPlayer): void {
    let open = true;
    player.client.on('state', ({ state, message = state }) => {
      if (open && state !== 'open' && !(state === 'closed' && this.#stopping)) {
        this.#dropped.push({ player: nameOf(player), message });
      }
      open = state === 'open';
    });
  }

  async #playOn(pair: [RecordingPlayer, RecordingPlayer]): Promise<void> {
    // Boards of different sizes at first: later games do not all begin and end together.
    let size = 3 + Math.floor(Math.random() * (SIZE - 2));
    while (!this.#stopping) {
      try {
        await this.#playOne(pair, size);
      } catch (error) {
        if (!(error instanceof GridlockError)) throw error;
        this.#failed.push({ player: nameOf(pair[0]), message: `${error.code}: ${error.message}` });
        await this.#pause(this.#intervalMs);
      }
      size = SIZE;
    }
  }

  async #playOne(pair: [RecordingPlayer, RecordingPlayer], size: number): Promise<void> {
    const [host, guest] = pair;
    const { game } = await host.client.create({ players: 2, size, seconds: SECONDS });
    await guest.client.join(game);
    this.#games++;
    await this.#soon(pair.map((player) => player.until(game, ({ state }) => state.status !== 'waiting')));
    const last = Math.max(...(await Promise.all(pair.map((player) => this.#moveOn(player, game)))));
    // What was acknowledged to one has to reach both before their histories are compared.
    await this.#soon(pair.map((player) => player.until(game, ({ seq }) => seq >= last)));
    if (this.#stopping) return;
    for (const { client } of pair) await client.leave(game);
  }

  /** Moves until the game is over; resolves with the place of the last acknowledged move in the game's history. */
  async #moveOn(player: RecordingPlayer, game: string): Promise<number> {
    let last = 0;
    let dueAt = performance.now() + Math.random() * this.#intervalMs;
    for (; ; dueAt += this.#intervalMs) {
      await this.#pause(dueAt - performance.now());
      const state = player.client.game(game)?.state;
      if (this.#stopping || state?.status !== 'active') return last;
      const free = state.cells.flatMap((seat, cell) => (seat === FREE ? [cell] : []));
      if (free.length === 0) return last;
      const refused = player.refusals.length;
      const seq = await player.capture(game, free[Math.floor(Math.random() * free.length)]!);
      if (seq !== undefined) {
        this.moves.push({ dueAt, tookMs: performance.now() - dueAt });
        last = seq;
      }
      const refusal = player.refusals[refused];
      if (refusal === undefined || PART_OF_THE_GAME.includes(refusal.code)) continue;
      this.#failed.push({ player: nameOf(player), message: `${refusal.code}: ${refusal.message}` });
    }
  }

  /** Over early when it is time to stop. A signal with a thousand listeners would cost more than the moves. */
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

  /** Waits, but not for ever: a player who does not come back is told of as dropped. */
  async #soon(waited: Promise<void>[]): Promise<void> {
    const over = new AbortController();
    const patience = delay(PATIENCE_MS, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([Promise.all(waited), patience]);
    over.abort();
  }
}

const nameOf = ({ client }: RecordingPlayer): string => client.player?.name ?? 'unknown';
