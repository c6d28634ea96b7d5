export * from './channel-rule.ts';
export * from './client-messages.ts';
export * from './codec.ts';
export * from './codes.ts';
export * from './limits.ts';
export type { Result } from './ranking.ts';
export * from './room-type.ts';
export {
  Ack,
  ErrorMessage,
  Event,
  GoingAway,
  History,
  KeptMessage,
  Message,
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
