export { GridlockClient, type Seated } from './client.ts';
export type { Clock, Timer } from './clock.ts';
export { type ClientErrorCode, GridlockError } from './errors.ts';
export type * from './events.ts';
export { type ClientOptions, DEFAULT_OPTIONS } from './options.ts';
export type { Ack } from './outbox.ts';
export type * from './platform.ts';
export { adaptWebSocket } from './platform.ts';
export { readSessionAnswer, sessionBody } from './session.ts';
