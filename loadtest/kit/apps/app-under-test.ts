import type { AnyRoomType, CommandOf, SettingsOf, StateOf } from '../../../services/protocol/index.ts';
import type { Chapter } from '../chapters.ts';
import type { Violation } from '../history.ts';
import type { Random } from '../random.ts';

/** What a test under faults has to know of an application, besides its room type. */
export interface AppUnderTest<Room extends AnyRoomType = AnyRoomType> {
  readonly type: Room;
  /** Of a room for so many players, which a stranger may watch. */
  settings(players: number): Partial<SettingsOf<Room>>;
  /** So many players may act. */
  isReady(state: StateOf<Room>, players: number): boolean;
  /** What a player may ask for next; undefined when there is nothing. */
  next(state: StateOf<Room>, random: Random): CommandOf<Room> | undefined;
  /** Whether a state still has the effect of a command; left out by an application whose state does not tell. */
  holds?(state: StateOf<Room>, command: CommandOf<Room>, player: string): boolean;
  /** The violations of the application's promises in an epoch of a room, found without its rules. */
  faultsIn(chapter: Chapter): Violation[];
}
