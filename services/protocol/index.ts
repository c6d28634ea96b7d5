export * from './client-messages.ts';
export * from './codec.ts';
export * from './codes.ts';
export * from './limits.ts';
export * from './room-type.ts';
export {
  Ack,
  ChatLine,
  ChatMessage,
  ErrorMessage,
  Event,
  GoingAway,
  History,
  Pong,
  Presence,
  ServerMessage,
  type ServerMessageOf,
  Snapshot,
  Watchers,
  Welcome,
} from './server-messages.ts';
export * from './session.ts';
export * from './transports.ts';
export * from './types.ts';
