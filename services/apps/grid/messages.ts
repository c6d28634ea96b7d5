import type { ServerMessage } from '../../protocol/index.ts';
import type { GameEvent, GameState } from './types.ts';

type Typed<Message> = Message extends { type: 'event' }
  ? Omit<Message, 'event'> & { event: GameEvent }
  : Message extends { type: 'snapshot' }
    ? Omit<Message, 'state'> & { state: GameState }
    : Message;

/** What a server of the game says: the messages of the protocol, with its own states and events. */
export type GridMessage = Typed<ServerMessage>;
export type GridMessageOf<T extends GridMessage['type']> = Extract<GridMessage, { type: T }>;
