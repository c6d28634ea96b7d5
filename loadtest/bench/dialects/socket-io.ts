import {
  ask,
  type Dialect,
  type DialectFactory,
  type Group,
  moveOf,
  type Player,
  settle,
} from '../generator/parties.ts';

const gameOf = (group: Group) => `g${group.index}`;

/** The state for connection state recovery: the client's id from the server, and the last packet that arrived. */
interface Session {
  pid: string;
  offset: string | undefined;
}

/** Engine.IO 4 and Socket.IO 5 over one WebSocket from the start. */
export const socketIo: DialectFactory = (sink): Dialect => {
  const sessions = new Map<Player, Session>();
  let requests = 0;
  const join = (player: Player, group: Group) => {
    const id = requests++;
    return ask(player, `ack ${id}`, `42${id}["join","${gameOf(group)}"]`);
  };
  const onEvent = (player: Player, [name, message, offset]: [string, { n: number }, string?]) => {
    const session = sessions.get(player);
    if (session && offset !== undefined) session.offset = offset;
    if (name === 'event' && player.group) sink.moved(player.group, message.n, player.seat);
    else if (name === 'line') sink.said(player, message.n);
  };
  return {
    handshake: async () => ({ path: '/socket.io/?EIO=4&transport=websocket' }),
    greet: async (player) => {
      await ask(player, 'connected');
    },
    enter: async (group) => {
      await Promise.all(group.players.map((player) => join(player, group)));
    },
    back: async (player, group) => {
      await join(player, group);
    },
    move: (player, group, number) => {
      player.socket?.send(`42["move",${JSON.stringify(moveOf(player, gameOf(group), number))}]`);
    },
    listen: async () => undefined,
    say: (player, number) => player.socket?.send(`42["say",{"n":${number},"text":"line ${number}"}]`),
    read: (player, payload) => {
      const text = payload.toString();
      if (text.startsWith('42')) return onEvent(player, JSON.parse(text.slice(2)));
      if (text === '2') return player.socket?.send('3');
      if (text.startsWith('43')) {
        return settle(player, `ack ${Number.parseInt(text.slice(2), 10)}`);
      }
      if (text.startsWith('40')) {
        const { pid } = JSON.parse(text.slice(2)) as { pid?: string };
        // The same session again: the missed packets have been sent, or follow.
        if (pid !== undefined && sessions.get(player)?.pid !== pid) sessions.set(player, { pid, offset: undefined });
        return settle(player, 'connected');
      }
      if (text.startsWith('0')) {
        const session = sessions.get(player);
        player.socket?.send(session?.offset === undefined ? '40' : `40${JSON.stringify(session)}`);
        return undefined;
      }
      return sink.problem(`Socket.IO said ${text.slice(0, 80)}`);
    },
  };
};
