import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type GridPlayer, gridViolations, playersOnDifferentReplicas } from '../../loadtest/kit/grid-player.ts';
import { FREE } from '../../services/apps/grid/grid.ts';
import type { System } from './system.ts';

/** How long a player waits before a move, so that a game lasts longer than the fault. */
const THINKING_MS = 20;
const SETTINGS = { size: 12, seconds: 120 };

async function playGame(players: readonly GridPlayer[]): Promise<void> {
  const [host, ...guests] = players as [GridPlayer, ...GridPlayer[]];
  const { code: game } = await host.client.create({ players: players.length, ...SETTINGS });
  for (const { client } of guests) await client.join(game);
  await Promise.all(players.map((player) => player.until(game, ({ state }) => state.status !== 'waiting')));
  await Promise.all(players.map((player, index) => capture(player, game, index / players.length)));
  await Promise.all(players.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
}

/** Captures free cells in the player's own part of the board. */
async function capture(player: GridPlayer, game: string, from: number): Promise<void> {
  for (;;) {
    const state = player.client.room(game)?.state;
    if (state?.status !== 'active') return;
    const free = state.cells.flatMap((seat, cell) => (seat === FREE ? [cell] : []));
    if (free.length === 0) return;
    await player.capture(game, free[Math.floor(from * free.length)]!);
    await delay(THINKING_MS);
  }
}

/**
 * Players on different replicas play one game after the other through the edge until `fault` is done, and then finish
 * the last game. No acknowledged move may be lost or duplicated, and all players must see the same order.
 */
export async function playThrough(
  system: System,
  fault: (players: readonly GridPlayer[]) => Promise<string | void>,
): Promise<string> {
  const players = await playersOnDifferentReplicas(system, Math.min(3, system.config.replicas));
  try {
    let struck = false;
    const striking = (async () => {
      // The fault strikes in the middle of a game.
      await Promise.race(players.map((player) => acknowledged(player, 5)));
      return fault(players);
    })().finally(() => (struck = true));
    striking.catch(() => undefined);
    let games = 0;
    do {
      await playGame(players);
      games += 1;
    } while (!struck);
    const told = await striking;
    assert.deepEqual(gridViolations(players.map((player) => player.history())), []);
    const moves = players.reduce((sum, player) => sum + player.acknowledged, 0);
    const back = players.reduce((sum, { client }) => sum + client.health.reconnects, 0);
    const figures = `${games} games, ${moves} moves acknowledged, 0 lost, ${back} reconnects`;
    return told ? `${figures}; ${told}` : figures;
  } finally {
    for (const { client } of players) client.close();
  }
}

async function acknowledged(player: GridPlayer, count: number): Promise<void> {
  while (player.acknowledged < count) await delay(THINKING_MS);
}
