import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConnectionPlace, ListedConnection } from '../../../protocol/operator.ts';
import { agoText } from '../model/text.ts';
import { readConnections } from '../operator.ts';
import { PagedList } from '../paged-list.ts';
import { now } from '../store.ts';
import { confirm } from './confirm.tsx';
import { showRoom } from './rooms.tsx';
import { ListEnd, Search } from './search.tsx';

/** Replicas that did not answer. */
const silent = signal<readonly string[]>([]);

const connections = new PagedList<ListedConnection, ConnectionPlace>(
  async (search, after) => {
    const page = await readConnections({ search }, after);
    silent.value = page.silent;
    return { items: page.connections, next: page.next };
  },
  ({ id }) => id,
);

/** The connections of all replicas, the newest first. */
export function Connections() {
  useEffect(() => void connections.begin(''), []);
  const { items = [] } = connections;
  return (
    <section class="card panel" aria-labelledby="connections-title" data-testid="connections">
      <div class="ops-head">
        <h2 id="connections-title">Connections</h2>
        <Search list={connections} label="Search connections" placeholder="Player or address" />
      </div>
      {silent.value.length > 0 && (
        <p class="ops-problem" role="alert">
          No answer from {silent.value.join(', ')}: their connections are missing.
        </p>
      )}
      {items.length > 0 && (
        <div class="ops-scroll" tabIndex={0} role="group" aria-label="Connections">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Player</th>
                <th scope="col">Replica</th>
                <th scope="col">Transport</th>
                <th scope="col">Address</th>
                <th scope="col">Since</th>
                <th scope="col">Rooms</th>
                <th scope="col">
                  <span class="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((connection) => (
                <Row key={connection.id} connection={connection} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ListEnd list={connections} empty="Nobody is connected." />
    </section>
  );
}

function Row({ connection: { player, replica, transport, address, since, rooms } }: { connection: ListedConnection }) {
  const disconnect = (revoke: boolean) =>
    confirm({ action: 'disconnect', player: player.id, revoke }, () => void connections.again());
  return (
    <tr>
      <th scope="row">
        {player.name}
        <span class="list-id ops-mono">{player.id}</span>
      </th>
      <td class="ops-mono">{replica}</td>
      <td>{transport}</td>
      <td class="ops-mono">{address}</td>
      <td>
        <time dateTime={new Date(since).toISOString()}>{agoText(now.value - since)}</time>
      </td>
      <td>
        {rooms.length === 0 && '–'}
        {rooms.map(({ room, watching }) => (
          <button
            key={room}
            type="button"
            class="link ops-mono"
            aria-label={`Room ${room}${watching ? ', watched' : ''}`}
            onClick={() => showRoom(room)}
          >
            {room}
          </button>
        ))}
      </td>
      <td class="list-actions">
        <button
          type="button"
          class="button small"
          aria-label={`Disconnect ${player.name}`}
          onClick={() => disconnect(false)}
        >
          Disconnect
        </button>
        <button
          type="button"
          class="button small quiet"
          aria-label={`Log out ${player.name}`}
          onClick={() => disconnect(true)}
        >
          Log out
        </button>
      </td>
    </tr>
  );
}
