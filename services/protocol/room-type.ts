import type * as v from 'valibot';
import type { AnyChannelRule, ChannelNames, ChannelRule } from './channel-rule.ts';
import type { Result } from './ranking.ts';
import type { PlayerRef } from './types.ts';

/** A player acts on a room: `kind` and the fields of the command's schema. */
export interface AppCommand {
  readonly kind: string;
}

/** A command of any application. */
export type AnyCommand = AppCommand & { readonly [field: string]: unknown };

/** A command of the kernel itself. */
export type KernelCommand<Settings> =
  | { readonly kind: 'create'; readonly settings: Settings }
  | { readonly kind: 'join' }
  | { readonly kind: 'leave' }
  /** The room's deadline has passed. */
  | { readonly kind: 'deadline' };

/** All that a decision may depend on, apart from the state and the command. */
export interface Context {
  /** Milliseconds since the Unix epoch by the store's clock; the time of the events that follow. */
  readonly now: number;
  /** The player who acts; undefined for `deadline`. */
  readonly player: PlayerRef | undefined;
}

/** The events that a command causes, in order. A refused command may cause some, too. */
export interface Decision<Event> {
  readonly events: readonly Event[];
  /** Stable code of the reason for the refusal. */
  readonly refusal?: string | undefined;
}

/** How long the store keeps a room after its last event, in seconds. */
export interface Retention {
  /** While the room goes on. A room with a deadline is kept until at least `over` seconds after the deadline. */
  readonly idle: number;
  /** Once everybody has left. */
  readonly empty: number;
  /** Once the room is over. */
  readonly over: number;
}

/** The defaults for applications that name no time, and the longest time that they may name: a year. */
export const RETENTION: Retention = Object.freeze({ idle: 3600, empty: 60, over: 900 });
export const LONGEST_RETENTION = 366 * 24 * 3600;

/** How quick match finds a room. */
export interface Matching<Settings> {
  /** A player may get any room whose settings have the same key. */
  key(settings: Settings): string;
  /** Players that fit into one room. */
  seats(settings: Settings): number;
}

/**
 * The rules of an application: those of its rooms, and of its channels. Everything is pure: no I/O, no clock and no
 * randomness except what the context provides, so that the same command on the same state gives the same events on
 * every replica. `State` is a JSON value, and no function changes the value it is given.
 */
export interface RoomType<
  Settings,
  State,
  Command extends AppCommand,
  Event extends AppCommand,
  Channels extends readonly AnyChannelRule[] = readonly AnyChannelRule[],
> {
  /** Names the kind of room: 1 to 32 of a-z, 0-9 and `-`. */
  readonly name: string;
  /** The codes with which the application refuses commands, in addition to the kernel's, and the meaning of each. */
  readonly refusals: Readonly<Record<string, string>>;
  readonly settings: v.GenericSchema<unknown, Settings>;
  readonly command: v.GenericSchema<unknown, Command>;
  readonly event: v.GenericSchema<unknown, Event>;
  readonly state: v.GenericSchema<unknown, State>;
  /** Decides on a command. `state` is undefined while the room does not exist; then the command is `create`. */
  decide(state: State | undefined, command: Command | KernelCommand<Settings>, context: Context): Decision<Event>;
  /** The state after an event that happened at `at` (milliseconds). Throws when the event cannot follow the state. */
  evolve(state: State | undefined, event: Event, at: number): State;
  /** The events that end a room early, as an operator asks for it. Left out, its rooms cannot be closed. */
  close?(state: State): readonly Event[];
  /** The players who may act in the room; the first is its owner. */
  members(state: State): readonly PlayerRef[];
  /** When the kernel sends the command `deadline`, in milliseconds since the Unix epoch; undefined for never. */
  deadline(state: State): number | undefined;
  /** Whether the room has ended: its history is kept for a while, then deleted. */
  isOver(state: State): boolean;
  /** Whether the room waits for players: quick match sends more. */
  isOpen(state: State): boolean;
  /** Whether players who are not members may watch the room. It may not change while the room exists. */
  isPublic(state: State): boolean;
  readonly matching: Matching<Settings>;
  /** The results of a room that is over, for the ranking of the day. A room without results does not count. */
  results?(state: State): readonly Result[];
  /** Fields that are left out have the values of `RETENTION`. */
  readonly retention?: Partial<Retention>;
  /** Channels carry messages that need no rules of a room. None if left out. */
  readonly channels?: Channels;
}

/** A room type for code that does not use its types: the kernel passes its values on unread. */
export type AnyRoomType = RoomType<any, any, any, any, any>;

export type SettingsOf<Room> = Room extends RoomType<infer Settings, any, any, any, any> ? Settings : never;
export type StateOf<Room> = Room extends RoomType<any, infer State, any, any, any> ? State : never;
export type CommandOf<Room> = Room extends RoomType<any, any, infer Command, any, any> ? Command : never;
export type EventOf<Room> = Room extends RoomType<any, any, any, infer Event, any> ? Event : never;

type RuleOf<Room> = Room extends { readonly channels?: readonly (infer Rule)[] } ? Rule : never;
/** The channels of an application, by the names of its rules. */
export type ChannelOf<Room> = RuleOf<Room> extends ChannelRule<infer Name, any> ? ChannelNames<Name> : string;
/** The content of a channel's message. */
export type DataOf<Room, Channel extends string = string> = [RuleOf<Room>] extends [AnyChannelRule]
  ? DataOfRule<RuleOf<Room>, Channel>
  : unknown;
type DataOfRule<Rule, Channel extends string> =
  Rule extends ChannelRule<infer Name, infer Data>
    ? string extends Channel
      ? Data
      : Channel extends ChannelNames<Name>
        ? Data
        : never
    : never;
