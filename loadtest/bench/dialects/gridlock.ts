import { GRID_LIMITS, type GridMessage, LOBBY } from '../../../services/apps/grid/grid.ts';
import { ask, type Dialect, type DialectFactory, type Group, type Player, settle } from '../generator/parties.ts';
import { handshakeWith } from './handshake.ts';

const SIZE = GRID_LIMITS.size.max;
const CELLS = SIZE ** 2;
/**
 * When this many cells of a board are taken, the next game is opened, so that no player has to wait for it. The number
 * differs between groups, because all of them progress equally.
 */
const prepareAt = (group: Group) => Math.floor(CELLS / 4) + (group.index % Math.floor(CELLS / 2));
const RETRY_MS = 50;

/** One game of a group; its cells are the moves from `first` on. */
interface Board {
  readonly first: number;
  code: string | undefined;
  epoch: string;
  /** By seat: the newest event that arrived. */
  readonly seqs: number[];
  readonly isReady: { now: boolean };
  readonly waiting: (() => void)[];
}

/** gridlock.v1. A group plays one game after the other, because each board fills up. */
export const gridlock: DialectFactory = (sink, { secret = '' }): Dialect => {
  const boards = new Map<Group, Board[]>();
  const byCode = new Map<string, Board>();
  let requests = 0;

  const request = <Answer>(player: Player, message: object): Promise<Answer> => {
    const id = `r${(requests += 1)}`;
    return ask<Answer>(player, id, JSON.stringify({ id, ...message }));
  };
  const open = async (group: Group, first: number): Promise<void> => {
    const [host, ...others] = group.players as [Player, ...Player[]];
    const board: Board = { first, code: undefined, epoch: '', seqs: [], isReady: { now: false }, waiting: [] };
    boards.set(group, [...(boards.get(group) ?? []).slice(-1), board]);
    const shape = { players: group.players.length, size: SIZE, seconds: GRID_LIMITS.seconds.max };
    const { game } = await request<{ game: string }>(host, { type: 'create', ...shape });
    board.code = game;
    byCode.set(game, board);
    await Promise.all(others.map((player) => request(player, { type: 'join', game })));
    board.isReady.now = true;
    for (const send of board.waiting.splice(0)) send();
  };
  const boardOf = (group: Group, number: number) =>
    boards.get(group)?.findLast(({ first }) => number >= first && number < first + CELLS);
  const capture = (player: Player, { code, first }: Board, number: number) => {
    const id = `c${number}`;
    const frame = JSON.stringify({ type: 'capture', id, game: code, cell: number - first });
    // Sent again with the same id after a reconnect, until it is answered.
    player.pending.set(id, { frame, resolve: () => undefined, reject: () => undefined });
    player.socket?.send(frame);
  };

  const onMessage = (player: Player, message: GridMessage): void => {
    const { group, seat } = player;
    switch (message.type) {
      case 'event': {
        const board = byCode.get(message.game);
        if (!board || !group) return;
        board.seqs[seat] = message.seq;
        if (message.event.kind === 'captured') sink.moved(group, board.first + message.event.cell, seat);
        return;
      }
      case 'ack':
        if (message.id.startsWith('c') && group) {
          player.pending.delete(message.id);
          return sink.acknowledged(group, Number(message.id.slice(1)));
        }
        return settle(player, message.id, message);
      case 'error': {
        const pending = message.id === undefined ? undefined : player.pending.get(message.id);
        if (message.retryAfterMs !== undefined && pending?.frame !== undefined) {
          setTimeout(() => player.socket?.send(pending.frame!), Math.max(message.retryAfterMs, RETRY_MS));
          return;
        }
        return sink.problem(`Gridlock refused with ${message.code}: ${message.message}`);
      }
      case 'snapshot': {
        const board = byCode.get(message.game);
        if (board) [board.epoch, board.seqs[seat]] = [message.epoch, message.seq];
        // The host's arrives before the code of the game is known.
        else if (group) seatFirst(group, seat, message);
        if (message.recovered === false) sink.problem('Gridlock sent a snapshot where events were due');
        return;
      }
      case 'message':
        return sink.said(player, Number(message.data.text.slice('line '.length)));
      case 'welcome':
        return settle(player, 'welcome');
      default:
        return;
    }
  };
  const seatFirst = (group: Group, seat: number, { epoch, seq }: { epoch: string; seq: number }) => {
    const board = boards.get(group)?.at(-1);
    if (board) [board.epoch, board.seqs[seat]] = [epoch, seq];
  };

  return {
    handshake: handshakeWith(secret),
    greet: async (player) => {
      await ask(player, 'welcome');
    },
    enter: (group) => open(group, 0),
    makeRoom: async (group, moves) => {
      const next = group.moves.length;
      const board = boardOf(group, next);
      if (board && next + moves <= board.first + CELLS) return;
      const left = boards.get(group) ?? [];
      await open(group, next);
      boards.set(group, boards.get(group)!.slice(-1));
      await Promise.all(
        left.flatMap(({ code: game }) => group.players.map((player) => request(player, { type: 'leave', game }))),
      );
    },
    move: (player, group, number) => {
      const board = boardOf(group, number);
      if (board && number - board.first === prepareAt(group)) {
        open(group, board.first + CELLS).catch((error: Error) => sink.problem(error.message));
      }
      if (board?.isReady.now) capture(player, board, number);
      else board?.waiting.push(() => capture(player, board, number));
    },
    back: async (player, group) => {
      const unanswered = [...player.pending.values()];
      await Promise.all(
        (boards.get(group) ?? []).map(async ({ code: game, epoch, seqs }) => {
          const seq = seqs[player.seat];
          if (game !== undefined && seq !== undefined) await request(player, { type: 'resume', game, epoch, seq });
        }),
      );
      for (const { frame } of unanswered) if (frame !== undefined) player.socket?.send(frame);
    },
    listen: async (player) => {
      await request(player, { type: 'subscribe', channel: LOBBY });
    },
    say: (player, number) => {
      const id = `s${(requests += 1)}`;
      player.socket?.send(JSON.stringify({ type: 'publish', id, channel: LOBBY, data: { text: `line ${number}` } }));
    },
    read: (player, payload) => {
      const value = JSON.parse(payload.toString()) as GridMessage | GridMessage[];
      if (Array.isArray(value)) for (const message of value) onMessage(player, message);
      else onMessage(player, value);
    },
  };
};
