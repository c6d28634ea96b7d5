import { ask, type DialectFactory, type Group, moveOf, settle } from '../generator/parties.ts';
import { centrifugo } from './centrifugo.ts';
import { colyseus } from './colyseus.ts';
import { counter } from './counter.ts';
import { gridlock } from './gridlock.ts';
import { socketIo } from './socket-io.ts';

const gameOf = (group: Group) => `g${group.index}`;

/** JSON objects; the server sends each of them to the players of its game. */
export const naive: DialectFactory = (sink) => ({
  handshake: async () => ({ path: '/' }),
  greet: async () => undefined,
  enter: async (group) => {
    const game = gameOf(group);
    await Promise.all(group.players.map((player) => ask(player, game, JSON.stringify({ type: 'join', game }))));
  },
  back: async (player, group) => {
    const game = gameOf(group);
    await ask(player, game, JSON.stringify({ type: 'join', game }));
  },
  move: (player, group, number) => {
    player.socket?.send(JSON.stringify({ type: 'move', ...moveOf(player, gameOf(group), number) }));
  },
  listen: async () => undefined,
  say: (player, number) => player.socket?.send(JSON.stringify({ type: 'say', n: number, text: `line ${number}` })),
  read: (player, payload) => {
    const message = JSON.parse(payload.toString()) as { type: string; game: string; n: number };
    if (message.type === 'move' && player.group) sink.moved(player.group, message.n, player.seat);
    else if (message.type === 'say') sink.said(player, message.n);
    else if (message.type === 'joined') settle(player, message.game);
  },
});

/** Sockets that are only held. */
export const bare: DialectFactory = (sink, params) => ({ ...naive(sink, params), enter: async () => undefined });

export const DIALECTS = { gridlock, counter, naive, bare, socketIo, colyseus, centrifugo } satisfies Record<
  string,
  DialectFactory
>;
export type DialectName = keyof typeof DIALECTS;

/** Whether the dialect talks to a room type of ours. */
export const isGridlock = (dialect: DialectName): boolean => dialect === 'gridlock' || dialect === 'counter';
