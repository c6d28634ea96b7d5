import { type CounterEvent, counter as counterType } from '../../../services/apps/counter/counter.ts';
import { ask, type Dialect, type DialectFactory, type Group, type Player, settle } from '../generator/parties.ts';
import { handshakeWith, idOf } from './handshake.ts';

/** Adding -9 to 9 distinguishes this many moves of one player; fewer than half of them are under way at a time. */
const TIMES = 19;
const LEAST = -9;
const RETRY_MS = 50;

type Message =
  | { type: 'event'; game: string; epoch: string; seq: number; event: CounterEvent }
  | { type: 'snapshot'; game: string; epoch: string; seq: number; recovered?: false }
  | { type: 'ack'; id: string; game?: string }
  | { type: 'error'; id?: string; code: string; message: string; retryAfterMs?: number }
  | { type: 'welcome' };

/** The moves of one player: the group's number of each, in the order in which they were sent. */
interface Sent {
  readonly numbers: number[];
  /** By seat: how many of them arrived there. */
  readonly came: number[];
}

/** gridlock.v1 with the counter: rooms without an end, and with any number of members. */
export const counter: DialectFactory = (sink, { secret = '' }): Dialect => {
  const games = new Map<Group, string>();
  const places = new Map<Player, { epoch: string; seq: number }>();
  const sent = new Map<string, Sent>();
  let requests = 0;

  const request = <Answer>(player: Player, message: object): Promise<Answer> => {
    const id = `r${(requests += 1)}`;
    return ask<Answer>(player, id, JSON.stringify({ id, ...message }));
  };
  const sentBy = (player: Player): Sent => {
    const id = idOf(player);
    const found = sent.get(id) ?? { numbers: [], came: [] };
    sent.set(id, found);
    return found;
  };
  const added = (group: Group, seat: number, { player, amount }: Extract<CounterEvent, { kind: 'added' }>) => {
    const moves = sent.get(player);
    if (!moves) return;
    const next = moves.came[seat] ?? 0;
    const index = moveAt(next, amount);
    moves.came[seat] = Math.max(next, index + 1);
    const number = moves.numbers[index];
    if (number !== undefined) sink.moved(group, number, seat);
  };

  const onMessage = (player: Player, message: Message): void => {
    switch (message.type) {
      case 'event':
        places.set(player, { epoch: message.epoch, seq: message.seq });
        if (message.event.kind === 'added' && player.group) added(player.group, player.seat, message.event);
        return;
      case 'snapshot':
        places.set(player, { epoch: message.epoch, seq: message.seq });
        if (message.recovered === false) sink.problem('Gridlock sent a snapshot where events were due');
        return;
      case 'ack':
        if (!message.id.startsWith('c')) return settle(player, message.id, message);
        player.pending.delete(message.id);
        if (player.group) sink.acknowledged(player.group, Number(message.id.slice(1)));
        return;
      case 'error': {
        const frame = message.id === undefined ? undefined : player.pending.get(message.id)?.frame;
        if (message.retryAfterMs === undefined || frame === undefined) {
          return sink.problem(`Gridlock refused with ${message.code}: ${message.message}`);
        }
        setTimeout(() => player.socket?.send(frame), Math.max(message.retryAfterMs, RETRY_MS));
        return;
      }
      case 'welcome':
        return settle(player, 'welcome');
      default:
        return;
    }
  };

  return {
    handshake: handshakeWith(secret),
    greet: async (player) => {
      await ask(player, 'welcome');
    },
    enter: async (group) => {
      const [host, ...others] = group.players as [Player, ...Player[]];
      const { game } = await request<{ game: string }>(host, { type: 'create' });
      games.set(group, game);
      await Promise.all(others.map((player) => request(player, { type: 'join', game })));
    },
    move: (player, group, number) => {
      const { numbers } = sentBy(player);
      const times = timesOf(numbers.push(number) - 1);
      const id = `c${number}`;
      const frame = JSON.stringify({ type: 'add', id, game: games.get(group), times });
      // Sent again with the same id after a reconnect, until it is answered.
      player.pending.set(id, { frame, resolve: () => undefined, reject: () => undefined });
      player.socket?.send(frame);
    },
    back: async (player, group) => {
      const unanswered = [...player.pending.values()];
      await request(player, { type: 'resume', game: games.get(group), ...places.get(player) });
      for (const { frame } of unanswered) if (frame !== undefined) player.socket?.send(frame);
    },
    listen: () => Promise.reject(new Error(`The application ${counterType.name} has no lobby.`)),
    say: () => undefined,
    read: (player, payload) => {
      const value = JSON.parse(payload.toString()) as Message | Message[];
      if (Array.isArray(value)) for (const message of value) onMessage(player, message);
      else onMessage(player, value);
    },
  };
};

/** The number that the move of a player with this index adds, so that its event identifies it. */
export const timesOf = (index: number): number => (index % TIMES) + LEAST;

/** The index of the move that added this number: the nearest to the one that is expected next. */
export function moveAt(next: number, times: number): number {
  const ahead = (((times - LEAST - next) % TIMES) + TIMES) % TIMES;
  return ahead <= TIMES / 2 ? next + ahead : next + ahead - TIMES;
}
