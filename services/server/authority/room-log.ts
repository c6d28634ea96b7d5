import { type AnyRoomType, LIMITS } from '../../protocol/index.ts';
import type { LogEntry, Position } from '../history/history.ts';
import { type HistoryScript, type HistoryStore, type RawEntry, type Reply, toEntry } from '../history/history-store.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { appendRequest, type RoomBounds } from './append-request.ts';
import { type HistoryPage, Refusal, type Resumed, type SocketActor, type View } from './game-authority.ts';
import type { Answer, Plan } from './plan.ts';
import { type Memory, type RawRoom, readMemory } from './room-memory.ts';

/** The key of the head of a room's history. */
export const headKey = (room: string): string => `gridlock:{${room}}:state`;

/** All keys of a room share the hash tag `{CODE}`, so that a cluster keeps them on one shard. */
export const roomKeys = (room: string) => ({
  head: headKey(room),
  events: `gridlock:{${room}}:events`,
  answers: `gridlock:{${room}}:answers`,
  olderAnswers: `gridlock:{${room}}:answers:older`,
  lease: `gridlock:{${room}}:lease`,
});

/** "<token> <owner>": who may write to a room that one replica holds. */
export type Hold = string;
/** Any replica may write. */
export const NO_HOLD: Hold = '';

export const ownerOf = (hold: Hold): string => hold.slice(hold.indexOf(' ') + 1);

export type Taken =
  | { readonly tag: 'taken'; readonly hold: Hold; readonly memory: Memory | undefined }
  /** Another replica has it; `leaseMs` is what is left of its lease. */
  | { readonly tag: 'held'; readonly hold: Hold; readonly leaseMs: number };

/** The result of an append. Except with `ok`, nothing was written. */
export type Appended =
  | {
      readonly tag: 'ok';
      readonly memory: Memory;
      readonly entries: readonly LogEntry[];
      /** Replicas that listen to the room; 0 when nothing was announced. */
      readonly listeners: number;
    }
  /** Another replica has the hold now. */
  | { readonly tag: 'fenced' }
  /** The room went on without the writer. `entries` are the next ones; without any, the room has to be read. */
  | { readonly tag: 'moved'; readonly entries: readonly LogEntry[] }
  /** The requests with these indices in the plan were answered before. */
  | { readonly tag: 'known'; readonly answers: readonly (readonly [request: number, answer: Answer])[] }
  /** The actor with this index in the plan is outdated. */
  | { readonly tag: 'superseded'; readonly actor: number }
  /** The store has no room for what is new. */
  | { readonly tag: 'full' }
  /** The plan was made for a time other than `at`, the store's time. */
  | { readonly tag: 'time'; readonly at: number };

/** How a replica appends. */
export interface AppendOptions {
  readonly hold: Hold;
  /** For how long the room is held from now on; undefined to leave the lease as it is. */
  readonly leaseMs?: number | undefined;
  /** Whether this replica listens to the room, and no other replica did when this one last wrote; false by default. */
  readonly isAlone?: boolean;
}

const HISTORY_MS = LIMITS.resumeWindowMs + 30_000;

const file = (name: string) => new URL(`./lua/${name}.lua`, import.meta.url);

/** A script that runs on one room: its code, then the arguments. */
type RoomScript = (room: string, args: readonly (string | number)[]) => Promise<Reply>;

/** The rooms in Redis. Every replica may read them at any time, and one script writes them. */
export class RoomLog {
  readonly type: AnyRoomType;
  readonly #histories: HistoryStore;
  readonly #now: () => number;
  readonly bounds: RoomBounds;
  readonly #append: RoomScript;
  readonly #read: RoomScript;
  readonly #resume: RoomScript;
  readonly #watch: RoomScript;
  readonly #members: RoomScript;
  readonly #page: RoomScript;
  readonly #take: RoomScript;
  readonly #release: RoomScript;

  /** `now` in milliseconds by the store's clock. */
  constructor(
    histories: HistoryStore,
    type: AnyRoomType,
    now: () => number = Date.now,
    bounds: Partial<RoomBounds> = {},
  ) {
    this.bounds = { ...DEFAULT_LIMITS.perRoom, historyMs: HISTORY_MS, ...bounds };
    this.type = type;
    this.#histories = histories;
    this.#now = now;
    const define = (url: URL) => onRoom(histories.define([url], [file('room'), file('reading')]));
    this.#append = onRoom(histories.defineMany([file('room'), file('append')]));
    this.#read = define(file('read'));
    this.#resume = define(file('resume'));
    this.#watch = define(file('watch'));
    this.#members = define(file('members'));
    this.#page = define(file('page'));
    this.#take = define(file('../stateful/lua/take'));
    this.#release = define(file('../stateful/lua/release'));
  }

  /**
   * The events that a member has missed. From then on, only this socket of the player or a newer one acts in the room.
   */
  async resume({ player, generation }: SocketActor, room: string, known: Position): Promise<Resumed> {
    const args = [player.id, generation, known.epoch, known.seq, this.#now(), LIMITS.resumeWindowMs];
    return this.#shown(room, this.#toResumed(room, await this.#resume(room, args)));
  }

  async watch(player: string, room: string, known: Position): Promise<Resumed> {
    const args = [player, known.epoch, known.seq, this.#now(), LIMITS.resumeWindowMs];
    return this.#shown(room, this.#toResumed(room, await this.#watch(room, args)));
  }

  /** Rejects with `game_not_found` when there is no such room. */
  async view(room: string): Promise<View> {
    const view = this.#toView(room, (await this.#read(room, [])) as unknown as RawRoom);
    this.saw(room, view);
    return view;
  }

  /** The room to decide on; undefined when there is none. */
  async read(room: string): Promise<Memory | undefined> {
    try {
      const memory = readMemory(this.type, (await this.#read(room, [])) as unknown as RawRoom);
      this.saw(room, memory);
      return memory;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'game_not_found') return undefined;
      throw error;
    }
  }

  /** Records a position that goes out in an answer, because somebody knows it from now on. */
  saw(room: string, { epoch, seq }: Position): void {
    this.#histories.sightings.note(headKey(room), epoch, seq);
  }

  /** Rejects with `game_not_found` when there is no such room. */
  async isMember(room: string, player: string): Promise<boolean> {
    const [, members] = await this.#members(room, []);
    if (typeof members !== 'string') throw new Refusal('game_not_found');
    return (JSON.parse(members) as string[]).includes(player);
  }

  entriesAfter(room: string, after: Position): Promise<LogEntry[] | undefined> {
    const { head, events } = roomKeys(room);
    return this.#histories.after(head, events, after);
  }

  /**
   * At most `most` of the kept events after a position; from the beginning of the present epoch if the position names
   * another. Rejects with `game_not_found` when there is no such room.
   */
  async page(room: string, { epoch = '', seq = 0 }: Partial<Position>, most: number): Promise<HistoryPage> {
    const [, now, newest, after, entries] = await this.#page(room, [epoch, seq, most]);
    const page = { epoch: now as string, seq: Number(newest), after: Number(after) };
    this.saw(room, page);
    return { ...page, entries: (entries as RawEntry[]).map(toEntry) };
  }

  position(room: string): Promise<Position | undefined> {
    return this.#histories.position(headKey(room));
  }

  renew(room: string, epoch: string): Promise<void> {
    return this.#histories.renew(headKey(room), epoch);
  }

  /** Appends a plan that was made from `memory`: all of it or nothing. */
  async append(
    room: string,
    { hold, leaseMs, isAlone = false }: AppendOptions,
    memory: Memory,
    plan: Plan,
  ): Promise<Appended> {
    const { type, bounds } = this;
    const request = appendRequest({ room, type, bounds, hold, leaseMs, isAlone }, memory, plan);
    const [tag, ...rest] = await this.#append(room, request.args);
    switch (tag) {
      case 'ok':
        return { tag, memory: request.memory, entries: request.entries, listeners: Number(rest[0]) };
      case 'known':
        return { tag, answers: toAnswers(rest as (number | string)[]) };
      case 'moved':
        return { tag, entries: ((rest[0] ?? []) as RawEntry[]).map(toEntry) };
      case 'superseded':
        return { tag, actor: Number(rest[0]) - 1 };
      case 'time':
        return { tag, at: Number(rest[0]) };
      default:
        return { tag: tag as 'fenced' | 'full' };
    }
  }

  /**
   * Takes a room for `owner` if nobody holds it. `dead` is a hold that may be broken at once, and `silent` a hold that
   * may be broken once its lease has run out.
   */
  async take(
    room: string,
    owner: string,
    leaseMs: number,
    { dead = '', silent = '' }: { dead?: Hold; silent?: Hold } = {},
  ): Promise<Taken> {
    const [tag, hold, found] = await this.#take(room, [owner, leaseMs, dead, silent]);
    if (tag === 'held') return { tag, hold: hold as Hold, leaseMs: Number(found) };
    const memory = found === undefined ? undefined : readMemory(this.type, found as RawRoom);
    return { tag: 'taken', hold: hold as Hold, memory };
  }

  async release(room: string, hold: Hold): Promise<void> {
    await this.#release(room, [hold]);
  }

  #shown(room: string, resumed: Resumed): Resumed {
    this.saw(room, resumed.recovered ? resumed : resumed.view);
    return resumed;
  }

  #toView(room: string, raw: RawRoom): View {
    const { epoch, seq, state } = readMemory(this.type, raw);
    return { game: room, epoch, seq, now: Number(raw[1]), state };
  }

  #toResumed(room: string, reply: Reply): Resumed {
    if (reply[0] === 'room') return { recovered: false, view: this.#toView(room, reply as unknown as RawRoom) };
    const [, epoch, seq, deadline, over, isPublic, entries] = reply as [
      string,
      string,
      number,
      string,
      string,
      string,
      RawEntry[],
    ];
    return {
      recovered: true,
      epoch,
      seq,
      entries: entries.map(toEntry),
      isOver: over === '1',
      deadline: Number(deadline) || undefined,
      isPublic: isPublic === '1',
    };
  }
}

function onRoom(script: HistoryScript): RoomScript {
  return (room, args) => {
    const { head, events, answers, olderAnswers, lease } = roomKeys(room);
    return script([head, events, answers, olderAnswers, lease], args);
  };
}

/** The fingerprint and the seq; the fingerprint may have spaces. */
function toAnswers(flat: readonly (number | string)[]): [number, Answer][] {
  const answers: [number, Answer][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const answer = String(flat[index + 1]);
    const space = answer.lastIndexOf(' ');
    answers.push([
      Number(flat[index]) - 1,
      { fingerprint: answer.slice(0, space), seq: Number(answer.slice(space + 1)) },
    ]);
  }
  return answers;
}
