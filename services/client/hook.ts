import type { AnyRoomType, PlayerRef, StateOf } from '../protocol/index.ts';
import type { Room } from './room.ts';

/** The function that React (18 and later) and `preact/compat` export under this name. */
export type UseSyncExternalStore = <Snapshot>(
  subscribe: (onChange: () => void) => () => void,
  getSnapshot: () => Snapshot,
  getServerSnapshot?: () => Snapshot,
) => Snapshot;

/** A room at one moment. The object changes only when the room does. */
export interface RoomView<Type extends AnyRoomType = AnyRoomType> {
  readonly state: StateOf<Type>;
  /** The state with the effect of the commands that wait for their answer, for the page to draw. */
  readonly predicted: StateOf<Type>;
  readonly members: readonly PlayerRef[];
  readonly epoch: string;
  readonly seq: number;
  readonly isOver: boolean;
  /** Milliseconds since the Unix epoch by the server's clock; undefined for none. */
  readonly deadline: number | undefined;
  readonly watchers: number;
}

interface UseRoom {
  <Type extends AnyRoomType>(room: Room<Type>): RoomView<Type>;
  /** Undefined as long as there is no room yet. */
  <Type extends AnyRoomType>(room: Room<Type> | undefined): RoomView<Type> | undefined;
}

/**
 * Makes the hook `useRoom` of the `useSyncExternalStore` of React or Preact. A component that calls it renders again
 * when the room changes, and all components of one pass see the same view.
 */
export function createUseRoom(useSyncExternalStore: UseSyncExternalStore): UseRoom {
  const useRoom = (room: Room | undefined) => {
    const { subscribe, read } = room ? storeOf(room) : NO_STORE;
    return useSyncExternalStore(subscribe, read, read);
  };
  return useRoom as UseRoom;
}

interface RoomStore {
  readonly subscribe: (onChange: () => void) => () => void;
  readonly read: () => RoomView | undefined;
}

const NO_STORE: RoomStore = { subscribe: () => () => {}, read: () => undefined };
/** Cached by room, because new functions would mean a new subscription on each pass. */
const STORES = new WeakMap<Room, RoomStore>();

function storeOf(room: Room): RoomStore {
  const known = STORES.get(room);
  if (known) return known;
  let view = viewOf(room);
  const store: RoomStore = {
    subscribe: (onChange) => {
      const ends = [room.on('change', onChange), room.on('watchers', onChange)];
      return () => {
        for (const end of ends) end();
      };
    },
    read: () => {
      const now = viewOf(room);
      if (!isSame(view, now)) view = now;
      return view;
    },
  };
  STORES.set(room, store);
  return store;
}

function viewOf(room: Room): RoomView {
  const { state, predicted, members, epoch, seq, isOver, deadline, watchers } = room;
  return { state, predicted, members, epoch, seq, isOver, deadline, watchers };
}

/** Members are derived from the state, and may be a new list each time. */
const isSame = (one: RoomView, other: RoomView): boolean =>
  one.state === other.state &&
  one.predicted === other.predicted &&
  one.epoch === other.epoch &&
  one.seq === other.seq &&
  one.isOver === other.isOver &&
  one.watchers === other.watchers;
