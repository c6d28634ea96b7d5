import { Agent, request } from 'node:https';
import { ask, type Dialect, type DialectFactory, moveOf, type Player, settle } from '../generator/parties.ts';
import { pack, unpack } from './message-pack.ts';

const [JOIN_ROOM, ROOM_DATA] = [10, 13];
const JOINED = Buffer.from([JOIN_ROOM]);

/** A message of the given name: names are short strings of MessagePack too. */
const roomData = (name: string, message: unknown) =>
  Buffer.concat([Buffer.from([ROOM_DATA]), pack(name), pack(message)]);

/** A seat by HTTP, then a socket that is the membership of one room. */
export const colyseus: DialectFactory = (sink, { port = '', ca = '' }): Dialect => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca });
  const reserve = (player: Player): Promise<{ roomId: string; processId: string; sessionId: string }> =>
    new Promise((resolve, reject) => {
      const call = request(
        {
          agent,
          host: '127.0.0.1',
          port,
          servername: 'localhost',
          method: 'POST',
          path: '/matchmake/joinOrCreate/game',
          headers: { 'Content-Type': 'application/json' },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if (response.statusCode === 200) resolve(JSON.parse(text));
            else reject(new Error(`Colyseus gave no seat: ${response.statusCode} ${text.slice(0, 200)}`));
          });
        },
      );
      call.on('error', reject);
      // A client that only holds a socket must be in a room too.
      call.end(JSON.stringify({ game: player.group?.index ?? -1 - Math.floor(player.index / 4) }));
    });
  return {
    handshake: async (player) => {
      const { roomId, processId, sessionId } = await reserve(player);
      return { path: `/${processId}/${roomId}?sessionId=${sessionId}` };
    },
    greet: async (player) => {
      await ask(player, 'joined');
    },
    enter: async () => undefined,
    back: async () => undefined,
    move: (player, group, number) => {
      player.socket?.send(roomData('move', moveOf(player, `g${group.index}`, number)));
    },
    listen: async () => undefined,
    say: (player, number) => player.socket?.send(roomData('say', { n: number, text: `line ${number}` })),
    read: (player, payload) => {
      if (payload[0] === JOIN_ROOM) {
        player.socket?.send(JOINED);
        return settle(player, 'joined');
      }
      if (payload[0] !== ROOM_DATA) return undefined;
      const [name, message] = unpack(payload, 1) as [string, { n: number }];
      if (name === 'event' && player.group) sink.moved(player.group, message.n, player.seat);
      else if (name === 'line') sink.said(player, message.n);
      return undefined;
    },
  };
};
