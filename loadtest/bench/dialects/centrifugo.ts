import {
  ask,
  type Dialect,
  type DialectFactory,
  type Group,
  moveOf,
  type Player,
  settle,
} from '../generator/parties.ts';

const LOBBY = 'lobby';
const channelOf = (group: Group) => `g${group.index}`;

interface Reply {
  id?: number;
  error?: { code: number; message: string };
  subscribe?: { epoch?: string; offset?: number; publications?: { data: { n: number }; offset?: number }[] };
  push?: { channel: string; pub?: { data: { n: number }; offset?: number } };
}

/** How far a player has read a channel that keeps a history. */
interface Position {
  epoch: string;
  offset: number;
}

/** Centrifugo's JSON protocol: commands and replies, one a line; an empty object is a ping. */
export const centrifugo: DialectFactory = (sink, { recover = '' }): Dialect => {
  const positions = new Map<Player, Position>();
  let commands = 0;
  const command = (player: Player, what: object): Promise<Reply> => {
    commands += 1;
    return ask<Reply>(player, String(commands), JSON.stringify({ id: commands, ...what }));
  };
  const subscribe = async (player: Player, channel: string) => {
    const known = recover === '' ? undefined : positions.get(player);
    const where = known ? { recover: true, epoch: known.epoch, offset: known.offset } : {};
    const { subscribe: there } = await command(player, { subscribe: { channel, ...where } });
    if (there?.epoch !== undefined) positions.set(player, { epoch: there.epoch, offset: there.offset ?? 0 });
    for (const { data } of there?.publications ?? []) {
      if (player.group) sink.moved(player.group, data.n, player.seat);
    }
  };
  const publish = (player: Player, channel: string, data: object) =>
    player.socket?.send(JSON.stringify({ id: (commands += 1), publish: { channel, data } }));
  const onReply = (player: Player, line: string) => {
    if (line === '{}') return player.socket?.send('{}');
    const reply = JSON.parse(line) as Reply;
    if (reply.error) sink.problem(`Centrifugo said ${reply.error.code} ${reply.error.message}`);
    if (reply.id !== undefined) return settle(player, String(reply.id), reply);
    const { channel, pub } = reply.push ?? {};
    if (!pub) return undefined;
    if (channel === LOBBY) return sink.said(player, pub.data.n);
    const position = positions.get(player);
    if (position && pub.offset !== undefined) position.offset = pub.offset;
    if (player.group) sink.moved(player.group, pub.data.n, player.seat);
    return undefined;
  };
  return {
    handshake: async () => ({ path: '/connection/websocket' }),
    greet: async (player) => {
      await command(player, { connect: {} });
    },
    enter: async (group) => {
      await Promise.all(group.players.map((player) => subscribe(player, channelOf(group))));
    },
    back: (player, group) => subscribe(player, channelOf(group)),
    move: (player, group, number) => {
      publish(player, channelOf(group), moveOf(player, channelOf(group), number));
    },
    listen: async (player) => {
      await command(player, { subscribe: { channel: LOBBY } });
    },
    say: (player, number) => {
      publish(player, LOBBY, { n: number, text: `line ${number}` });
    },
    read: (player, payload) => {
      for (const line of payload.toString().split('\n')) if (line !== '') onReply(player, line);
    },
  };
};
