import type { AnyRoomType } from '../../protocol/index.ts';
import type { RoomEvent, RoomReport } from '../../protocol/operator.ts';
import {
  type Applied,
  type BackendActor,
  type GameAuthority,
  Refusal,
  type View,
} from '../authority/game-authority.ts';
import { roomCommand, roomSettings } from '../authority/room-input.ts';
import type { GameClock, StoreClock } from '../cluster/clock.ts';
import type { EndedRooms } from '../game/ended-rooms.ts';

/** The result of a backend's request. */
export interface ApiApplied {
  readonly room: string;
  readonly epoch: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

export interface BackendRoomsOptions {
  readonly authority: GameAuthority;
  readonly gameClock: Pick<GameClock, 'arm'>;
  readonly endedRooms: Pick<EndedRooms, 'note'>;
  readonly clock: Pick<StoreClock, 'now'>;
}

/** Creates, changes and reads rooms for backends. Every method rejects with a `Refusal`, as the authority does. */
export class BackendRooms {
  readonly #options: BackendRoomsOptions;

  constructor(options: BackendRoomsOptions) {
    this.#options = options;
  }

  get #type(): AnyRoomType {
    return this.#options.authority.type;
  }

  /** Makes a room, with the player of the actor as its first member. A repeat of the id returns the same room. */
  async create(actor: BackendActor, id: string, settings: unknown): Promise<ApiApplied> {
    const parsed = roomSettings(this.#type, settings, 'the settings');
    const entered = await this.#options.authority.create(actor, id, parsed);
    this.#arm(entered.view);
    return toAnswer(entered);
  }

  /** Has the room decide a command for a member. A repeat of the id returns the first answer. */
  async command(actor: BackendActor, id: string, room: string, command: { kind: string }): Promise<ApiApplied> {
    const { authority } = this.#options;
    const applied = await authority.act(actor, id, room, roomCommand(this.#type, command));
    void this.#settle(room);
    return toAnswer(applied);
  }

  /** Ends a room for an operator. A repeat of the id returns the first answer. */
  async close(operator: string, id: string, room: string): Promise<ApiApplied> {
    const { name, close } = this.#type;
    if (close === undefined) {
      throw new Refusal('not_closable', `Rooms of "${name}" cannot be closed: the room type has no function "close".`);
    }
    const applied = await this.#options.authority.close(operator, id, room);
    void this.#settle(room);
    return toAnswer(applied);
  }

  async read(room: string): Promise<RoomReport> {
    const { game, epoch, seq, now, state } = await this.#current(room);
    const type = this.#type;
    return {
      room: game,
      epoch,
      seq,
      now,
      members: type.members(state),
      open: type.isOpen(state),
      over: type.isOver(state),
      public: type.isPublic(state),
      deadline: type.deadline(state) ?? null,
      state,
    };
  }

  /** At most `most` of the kept events after a position, and whether some before them are no longer kept. */
  async events(room: string, known: { epoch?: string | undefined; after: number }, most: number) {
    await this.#current(room);
    const asked = known.epoch === undefined ? {} : { epoch: known.epoch };
    const page = await this.#options.authority.page(room, { ...asked, seq: known.after }, most);
    const { epoch, seq, after, entries } = page;
    const events = entries.map(({ text }) => eventOf(text));
    const last = events.at(-1)?.seq ?? Math.max(after, seq);
    return {
      room,
      epoch,
      seq,
      after,
      reset: known.epoch !== undefined && known.epoch !== epoch,
      trimmed: events[0] ? events[0].seq > after + 1 : after < seq,
      events,
      next: last,
      more: last < seq,
    };
  }

  /** The present room. If its deadline has passed unnoticed, it is handled now. */
  async #current(room: string): Promise<View> {
    const { authority, clock } = this.#options;
    const view = await authority.view(room);
    const deadline = this.#type.isOver(view.state) ? undefined : this.#type.deadline(view.state);
    if (deadline === undefined || deadline > clock.now()) return view;
    await authority.finish(room);
    const finished = await authority.view(room);
    this.#arm(finished);
    return finished;
  }

  /** A room may have no connection that watches its deadline, or notices that it is over. */
  async #settle(room: string): Promise<void> {
    // The next request tries again.
    const view = await this.#options.authority.view(room).catch(() => undefined);
    if (view) this.#arm(view);
  }

  #arm({ game, state }: View): void {
    const { gameClock, endedRooms } = this.#options;
    const deadline = this.#type.deadline(state);
    if (this.#type.isOver(state)) endedRooms.note(game);
    else if (deadline !== undefined) gameClock.arm(game, deadline);
  }
}

const toAnswer = ({ game, epoch, seq, duplicate }: Applied): ApiApplied => ({ room: game, epoch, seq, duplicate });

/** The part of an event's message that differs between the events of a room. */
function eventOf(text: string): RoomEvent {
  const { seq, at, event, deadline, over } = JSON.parse(text) as RoomEvent;
  return { seq, at, event, ...(deadline === undefined ? {} : { deadline }), ...(over ? { over } : {}) };
}
