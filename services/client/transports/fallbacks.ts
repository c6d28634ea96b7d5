import type { Transport } from '../../protocol/index.ts';
import type { Platform } from '../platform.ts';
import { callerOf } from './calls.ts';
import { openEventSource } from './event-source.ts';
import { openLongPoll } from './long-poll.ts';

/** Opens sockets where no WebSocket gets through, by requests of the platform. */
export function fallbackOf(platform: Platform, transport: Transport): Platform['openSocket'] {
  const caller = callerOf(platform)!;
  const open = transport === 'sse' ? openEventSource : openLongPoll;
  return (target, handlers) => open(caller, target, handlers);
}
