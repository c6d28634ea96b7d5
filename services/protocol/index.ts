export * from './client-messages.ts';
export * from './close-codes.ts';
export * from './codec.ts';
export * from './error-codes.ts';
export * from './fold.ts';
export * from './game-types.ts';
export * from './limits.ts';
export {
  ChatLine, ServerMessage, Welcome, Pong, Ack, Snapshot, Event, ChatMessage, History, Presence, Watchers, GoingAway,
  ErrorMessage, type ServerMessageOf,
} from './server-messages.ts';
export * from './session.ts';
export * from './transports.ts';
