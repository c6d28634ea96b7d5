import type { Stream } from './deliveries.ts';
import type { ThinSocket } from './thin-socket.ts';

/** Players who play together. Its moves are numbered 0, 1, 2, ... over all games they play one after the other. */
export interface Group {
  readonly index: number;
  /** By seat. */
  readonly players: Player[];
  readonly moves: Stream;
}

export interface Player {
  /** Among all players, from 0; also the receiver's number for a line of the chat. */
  readonly index: number;
  group: Group | undefined;
  seat: number;
  socket: ThinSocket | undefined;
  /** The replica behind the edge that has the socket. */
  replica: string;
  /** Requests that were not answered yet. */
  readonly pending: Map<string, Pending>;
}

export interface Pending {
  readonly frame: string | undefined;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The reports of a dialect. */
export interface Sink {
  moved(group: Group, number: number, seat: number): void;
  /** The sender got an acknowledgement of the move. */
  acknowledged(group: Group, number: number): void;
  said(player: Player, number: number): void;
  /** Something that should not happen, in words. */
  problem(what: string): void;
}

/** How to talk to a system. */
export interface Dialect {
  /** The request for the upgrade. */
  handshake(player: Player): Promise<{ path: string; headers?: Record<string, string> }>;
  /** Resolves when the server has accepted the open socket. */
  greet(player: Player): Promise<void>;
  /** Resolves when all players of the group can move. */
  enter(group: Group): Promise<void>;
  /** For games that end: resolves when the current game has room for this many moves. */
  makeRoom?(group: Group, moves: number): Promise<void>;
  move(player: Player, group: Group, number: number): void;
  /** After a new socket was greeted: resolves when the player is in the group's game again. */
  back(player: Player, group: Group): Promise<void>;
  /** Resolves when the player receives messages to all players. */
  listen(player: Player): Promise<void>;
  say(player: Player, number: number): void;
  read(player: Player, payload: Buffer): void;
}

/** Made from data of the system, such as a secret for tokens. */
export type DialectFactory = (sink: Sink, params: Readonly<Record<string, string>>) => Dialect;

/** How long an answer may take before the run gives up. */
const ANSWER_MS = 15_000;

/** Sends a request and waits for its answer under this key. The stored `frame` can be sent again. */
export function ask<Answer>(player: Player, key: string, frame?: string | Buffer): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const timer = setTimeout(() => {
      player.pending.delete(key);
      reject(new Error(`Player ${player.index} waited ${ANSWER_MS / 1000} s for the answer to "${key}".`));
    }, ANSWER_MS);
    player.pending.set(key, {
      frame: typeof frame === 'string' ? frame : undefined,
      resolve: (answer) => {
        clearTimeout(timer);
        resolve(answer as Answer);
      },
      reject: (error) => {
        clearTimeout(timer);
        reject(error);
      },
    });
    if (frame !== undefined) player.socket?.send(frame);
  });
}

/** Gives the answer to its request. */
export function settle(player: Player, key: string, answer?: unknown): void {
  const pending = player.pending.get(key);
  if (!pending) return;
  player.pending.delete(key);
  pending.resolve(answer);
}

/** The peers' message about a move, with about the same content as an event of a game. */
export const moveOf = (player: Player, game: string, number: number) => ({
  game,
  n: number,
  player: `p${player.index}`,
  seat: player.seat,
  cell: number % 256,
  scores: [17, 18, 16, 17],
});
