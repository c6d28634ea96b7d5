import type { ConnectionPlace, ConnectionQuery, ListedConnection } from '../../protocol/operator.ts';
import type { Connection } from './connection.ts';

type Listable = Pick<Connection, 'id' | 'player' | 'transport' | 'address' | 'openedAt' | 'rooms' | 'follows'>;

/** The connections of this replica that are asked for, the newest first: at most as many as a page has. */
export function listConnections(
  connections: Iterable<Listable>,
  replica: string,
  { search, room, after, limit }: ConnectionQuery,
): ListedConnection[] {
  const wanted = search.trim().toLowerCase();
  const page: Listable[] = [];
  for (const connection of connections) {
    const last = page.length === limit ? page.at(-1) : undefined;
    if (last !== undefined && order(placeOf(connection), placeOf(last)) >= 0) continue;
    if (after !== undefined && order(placeOf(connection), after) <= 0) continue;
    if (room !== undefined && !connection.follows(room)) continue;
    if (wanted !== '' && !matches(connection, wanted)) continue;
    const at = page.findIndex((one) => order(placeOf(connection), placeOf(one)) < 0);
    page.splice(at === -1 ? page.length : at, 0, connection);
    if (page.length > limit) page.pop();
  }
  return page.map(({ id, player, transport, address, openedAt, rooms }) => ({
    ...{ id, player, replica, transport, address, since: openedAt },
    rooms: rooms.map(({ game, isWatching }) => ({ room: game, watching: isWatching })),
  }));
}

/** Below 0 when the first one is listed before the second. */
export const order = (one: ConnectionPlace, other: ConnectionPlace): number =>
  other.since - one.since || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);

const placeOf = ({ openedAt, id }: Listable): ConnectionPlace => ({ since: openedAt, id });

const matches = ({ player, address }: Listable, wanted: string): boolean =>
  [player.id, player.name, address].some((text) => text.toLowerCase().includes(wanted));
