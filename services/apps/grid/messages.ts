import type { KeptMessage, ServerMessage } from '../../protocol/index.ts';
import type { Line } from './channels.ts';
import type { GameEvent, GameState } from './types.ts';

type Typed<Message> = Message extends { type: 'event' }
  ? Omit<Message, 'event'> & { event: GameEvent }
  : Message extends { type: 'snapshot' }
    ? Omit<Message, 'state'> & { state: GameState }
    : Message extends { type: 'message' }
      ? Omit<Message, 'data'> & { data: Line }
      : Message extends { type: 'history' }
        ? Omit<Message, 'messages'> & { messages: (Omit<KeptMessage, 'data'> & { data: Line })[] }
        : Message;

/** What a server of the game says: the messages of the protocol, with its own states, events and lines. */
export type GridMessage = Typed<ServerMessage>;
export type GridMessageOf<T extends GridMessage['type']> = Extract<GridMessage, { type: T }>;
