import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ListedRoom } from '../../../protocol/operator.ts';
import { durationText } from '../model/text.ts';
import { readRooms } from '../operator.ts';
import { PagedList } from '../paged-list.ts';
import { now } from '../store.ts';
import { RoomDialog } from './room-dialog.tsx';
import { ListEnd, Search } from './search.tsx';

const rooms = new PagedList<ListedRoom, string>(
  async (search, after) => {
    const { rooms: items, cursor } = await readRooms(search, after);
    return { items, next: cursor };
  },
  ({ room }) => room,
);

/** The code of the room whose dialog is open. */
const shown = signal<string | undefined>(undefined);

export const showRoom = (room: string): void => {
  shown.value = room;
};

/** The rooms of the cluster that are not over. */
export function Rooms() {
  useEffect(() => void rooms.begin(''), []);
  const { items = [] } = rooms;
  return (
    <section class="card panel" aria-labelledby="rooms-title" data-testid="rooms">
      <div class="ops-head">
        <h2 id="rooms-title">Rooms</h2>
        <Search list={rooms} label="Search rooms" placeholder="Code or id of a member" />
      </div>
      {items.length > 0 && (
        <div class="ops-scroll" tabIndex={0} role="group" aria-label="Rooms">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Room</th>
                <th scope="col">Members</th>
                <th scope="col">Events</th>
                <th scope="col">Watching</th>
                <th scope="col">Time left</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ room, members, seq, public: isPublic, deadline }) => (
                <tr key={room}>
                  <th scope="row">
                    <button type="button" class="link ops-mono" onClick={() => showRoom(room)}>
                      {room}
                    </button>
                  </th>
                  <td>{members.length}</td>
                  <td>{seq}</td>
                  <td>{isPublic ? 'open' : 'members only'}</td>
                  <td>{deadline === null ? '–' : durationText(deadline - now.value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ListEnd list={rooms} empty="All rooms are over, or there are none." />
      {shown.value !== undefined && (
        <RoomDialog
          key={shown.value}
          room={shown.value}
          onClose={() => (shown.value = undefined)}
          onChange={() => void rooms.again()}
        />
      )}
    </section>
  );
}
