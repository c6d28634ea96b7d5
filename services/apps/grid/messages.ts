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

/** The messages of a server of this game: those of the protocol, with the states, events and lines of the game. */
export type GridMessage = Typed<ServerMessage>;
export type GridMessageOf<T extends GridMessage['type']> = Extract<GridMessage, { type: T }>;
