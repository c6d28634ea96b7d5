import type { GameSettings } from '../../protocol/index.ts';

/** All keys of a game share the hash tag `{CODE}`, so that a cluster keeps them on one shard. */
export const gameKeys = (game: string) => ({
  state: `gridlock:{${game}}:state`,
  cells: `gridlock:{${game}}:cells`,
  events: `gridlock:{${game}}:events`,
  answers: `gridlock:{${game}}:answers`,
  lease: `gridlock:{${game}}:lease`,
});

export const shapeOf = ({ players, size, seconds, spectators }: GameSettings): string =>
  `${players}x${size}x${seconds}${spectators ? 'w' : ''}`;

/** The games that go on, by when they count no longer: their number is bounded. */
export const GAMES_KEY = 'gridlock:{games}:open';

/** Where quick match finds the open games of a shape, and what a request was given before. */
export const matchKeys = (shape: string, player: string, id: string) => ({
  open: `gridlock:{match}:${shape}`,
  handed: `gridlock:{match}:${shape}:handed`,
  request: `gridlock:{match}:request:${player}:${id}`,
});
