import { FREE } from '../../services/apps/grid/grid.ts';
import type { Measurements } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { Player } from './player.ts';

const RETRY_MS = 1000;
const BETWEEN_GAMES_MS = 500;
const START_TIMEOUT_MS = 20_000;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Players who play one game after the other with each other, each at the pace of the plan. */
export class GameTable {
  readonly #plan: Plan;
  readonly #players: readonly Player[];
  readonly #measurements: Measurements;
  #game: string | undefined;
  #stopped = false;

  constructor(plan: Plan, players: readonly Player[], measurements: Measurements) {
    this.#plan = plan;
    this.#players = players;
    this.#measurements = measurements;
  }

  /** Plays until it is stopped; the players are connected. */
  async play(): Promise<void> {
    this.#players.forEach((player, seat) => this.#pace(player, seat));
    while (!this.#stopped) {
      const game = await this.#begin();
      if (game === undefined) {
        if (!this.#stopped) this.#measurements.count('failed_requests');
        await wait(RETRY_MS);
        continue;
      }
      this.#measurements.count('games');
      this.#game = game;
      await this.#over(game);
      this.#game = undefined;
      if (this.#stopped) return;
      await wait(BETWEEN_GAMES_MS);
      await Promise.all(this.#players.map((player) => player.leave(game)));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#game = undefined;
  }

  async #begin(): Promise<string | undefined> {
    const { size, seconds } = this.#plan.game;
    const [host, ...guests] = this.#players as [Player, ...Player[]];
    try {
      const { code: game } = await host.client.create({ players: this.#players.length, size, seconds });
      await Promise.all(guests.map(({ client }) => client.join(game)));
      const started = () => host.client.room(game)?.state.status === 'active';
      for (const end = Date.now() + START_TIMEOUT_MS; !started(); await wait(50)) {
        if (this.#stopped || Date.now() > end) return undefined;
      }
      return game;
    } catch (error) {
      if (!this.#stopped) this.#measurements.complain(error);
      return undefined;
    }
  }

  async #over(game: string): Promise<void> {
    const last = Date.now() + this.#plan.game.seconds * 1000 + 30_000;
    const over = () =>
      this.#players.every(({ client }) => {
        const status = client.room(game)?.state.status;
        return status === undefined || status === 'completed';
      });
    while (!this.#stopped && !over() && Date.now() < last) await wait(250);
  }

  /** Each move has its own time, whether or not the previous one was answered. */
  #pace(player: Player, seat: number): void {
    const everyMs = 1000 / this.#plan.pace;
    let dueAt = Date.now() + Math.random() * everyMs;
    const tick = () => {
      if (this.#stopped) return;
      this.#move(player, seat, dueAt);
      dueAt += everyMs;
      // When this far behind, it skips the moves in between instead of sending a burst. Moves that were due count as
      // late.
      if (Date.now() - dueAt > 10_000) dueAt = Date.now();
      setTimeout(tick, Math.max(0, dueAt - Date.now()));
    };
    setTimeout(tick, Math.max(0, dueAt - Date.now()));
  }

  #move(player: Player, seat: number, dueAt: number): void {
    const game = this.#game;
    const state = game === undefined ? undefined : player.client.room(game)?.state;
    if (game === undefined || state?.status !== 'active') return;
    const { cells } = state;
    const count = this.#players.length;
    // Each player has a separate part of the board to begin with, because refused moves measure little.
    const free = cells.flatMap((owner, cell) => (owner === FREE ? [cell] : []));
    const own = free.filter((cell) => cell % count === seat);
    const choice = own.length > 0 ? own : free;
    const cell = choice[Math.floor(Math.random() * choice.length)];
    if (cell !== undefined) player.capture(game, cell, dueAt);
  }
}
