import { capture, type Grid, grid } from '../../services/apps/grid/grid.ts';
import type { ClientOptions } from '../../services/client/node.ts';
import { freeCells, gridUnderTest } from './apps/grid.ts';
import type { ClientHistory, Violation } from './history.ts';
import {
  onDifferentReplicas,
  onReplicas,
  RecordingPlayer,
  type Target,
  type WrapPlatform,
} from './recording-player.ts';
import { findViolations } from './violations.ts';

/** A recording player of the capture game. */
export class GridPlayer extends RecordingPlayer<Grid> {
  static async connect(
    target: Target,
    name: string,
    options?: Partial<ClientOptions>,
    wrap?: WrapPlatform,
  ): Promise<GridPlayer> {
    const player = new GridPlayer(target, grid, name, options, wrap);
    await player.client.connect();
    return player;
  }

  /** Cells that may be captured; none when the game is not active. */
  freeCells(game: string): number[] {
    return freeCells(this.client.room(game)?.state);
  }

  /** Captures a cell. Resolves with its place in the history of the game, or undefined when it was refused. */
  capture(game: string, cell: number): Promise<number | undefined> {
    return this.send(game, capture(cell));
  }

  /** Captures free cells, one after the other, until the game is over. `pick` chooses among those that are free. */
  async playOut(game: string, pick: (free: readonly number[]) => number): Promise<void> {
    for (;;) {
      const state = this.client.room(game)?.state;
      if (state?.status !== 'active') return;
      const free = this.freeCells(game);
      if (free.length === 0) return void (await this.until(game, ({ state: { status } }) => status === 'completed'));
      await this.capture(game, free[pick(free) % free.length]!);
    }
  }
}

const connectTo =
  (target: Target) =>
  (name: string, options: Partial<ClientOptions>): Promise<GridPlayer> =>
    GridPlayer.connect(target, name, options);

/** Players on as many different replicas. This may take more connections; the others are closed. */
export const playersOnDifferentReplicas = (target: Target, count: number): Promise<GridPlayer[]> =>
  onDifferentReplicas(connectTo(target), count);

/** A player on each of the replicas with these APPIDs, in this order. */
export const playersOnReplicas = (target: Target, appIds: readonly string[]): Promise<GridPlayer[]> =>
  onReplicas(connectTo(target), appIds);

/** The violations in the histories of all clients of some games of the capture game. */
export const gridViolations = (histories: readonly ClientHistory[]): Violation[] =>
  findViolations(histories, gridUnderTest);
