import { capture, FREE, type Grid, grid } from '../../services/apps/grid/grid.ts';
import { createClient, GridlockError, type Room } from '../../services/client/node.ts';

/** The address of a cluster, and the root to trust; undefined for the system's roots. */
export interface Target {
  url: string;
  ca: string | undefined;
}

/** The result of one game. */
export interface MatchResult {
  game: string;
  /** Replicas the players were on. */
  replicas: string[];
  /** Cells of each player, best first. */
  scores: { name: string; score: number }[];
  /** Acknowledged captures, and those of them that the game's final state lacks. */
  acknowledged: number;
  lost: number;
  /** Time from each capture to its acknowledgement. */
  latenciesMs: number[];
}

const SETTINGS = { players: 2, size: 5, seconds: 30 };
const NAMES = ['Ada', 'Grace'];

/** A capture that came after another player's, or after the end of the game. */
const isRefusal = (error: unknown): boolean =>
  error instanceof GridlockError && ['cell_taken', 'game_over'].includes(error.code);

/** Resolves when the game has the status, at once if it already has. */
function reached(room: Room<Grid>, status: 'active' | 'completed'): Promise<void> {
  if (room.state.status === status) return Promise.resolve();
  return new Promise((resolve) => {
    const off = room.on('change', () => {
      if (room.state.status !== status) return;
      off();
      resolve();
    });
  });
}

/** Captures free cells until the game is over. Resolves with the acknowledged cells. */
async function playOut(room: Room<Grid>, latenciesMs: number[]): Promise<number[]> {
  const captured: number[] = [];
  for (;;) {
    if (room.state.status !== 'active') return captured;
    const free = room.state.cells.flatMap((seat, cell) => (seat === FREE ? [cell] : []));
    const cell = free[Math.floor(Math.random() * free.length)];
    if (cell === undefined) {
      await reached(room, 'completed');
      return captured;
    }
    const start = performance.now();
    try {
      await room.send(capture(cell));
      captured.push(cell);
      latenciesMs.push(performance.now() - start);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

/** Two players play one game to its end. */
export async function playMatch({ url, ca }: Target): Promise<MatchResult> {
  const clients = NAMES.map((name) => createClient({ room: grid, url, ca, name }));
  try {
    const welcomes = await Promise.all(clients.map((client) => client.connect()));
    const [host, ...guests] = clients;
    const rooms = [await host!.create(SETTINGS)];
    const { code: game } = rooms[0]!;
    for (const guest of guests) rooms.push(await guest.join(game));
    await Promise.all(rooms.map((room) => reached(room, 'active')));
    const latenciesMs: number[] = [];
    const captured = await Promise.all(rooms.map((room) => playOut(room, latenciesMs)));
    await Promise.all(rooms.map((room) => reached(room, 'completed')));
    const { cells, players } = rooms[0]!.state;
    const seats = clients.map((client) => players.findIndex(({ id }) => id === client.player?.id));
    const lost = captured.flatMap((mine, index) => mine.filter((cell) => cells[cell] !== seats[index]));
    return {
      game,
      replicas: [...new Set(welcomes.map(({ replica }) => replica))].sort(),
      scores: players.map(({ name, score }) => ({ name, score })).sort((a, b) => b.score - a.score),
      acknowledged: captured.flat().length,
      lost: lost.length,
      latenciesMs,
    };
  } finally {
    for (const client of clients) client.close();
  }
}
