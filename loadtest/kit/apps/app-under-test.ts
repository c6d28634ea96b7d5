import type { AnyRoomType, CommandOf, SettingsOf, StateOf } from '../../../services/protocol/index.ts';
import type { Chapter } from '../chapters.ts';
import type { Violation } from '../history.ts';
import type { Random } from '../random.ts';

/** The knowledge about an application that a test under faults needs, in addition to its room type. */
export interface AppUnderTest<Room extends AnyRoomType = AnyRoomType> {
  readonly type: Room;
  /** Settings of a room for this many players, which strangers may watch. */
  settings(players: number): Partial<SettingsOf<Room>>;
  /** Whether this many players may act. */
  isReady(state: StateOf<Room>, players: number): boolean;
  /** The next command of a player; undefined when there is none. */
  next(state: StateOf<Room>, random: Random): CommandOf<Room> | undefined;
  /** Whether a state still has the effect of a command; left out by an application whose state does not show it. */
  holds?(state: StateOf<Room>, command: CommandOf<Room>, player: string): boolean;
  /** The violations of the application's guarantees in an epoch of a room, found without its rules. */
  faultsIn(chapter: Chapter): Violation[];
}
