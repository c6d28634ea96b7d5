import type { Transport } from '../../protocol/index.ts';
import type { Platform } from '../platform.ts';
import { callerOf } from './calls.ts';
import { openEventSource } from './event-source.ts';
import { openLongPoll } from './long-poll.ts';

/** Those of the transports that the platform can do. */
export function supported(platform: Platform, transports: readonly Transport[]): readonly Transport[] {
  const can = transports.filter((transport) => transport === 'websocket' || platform.request);
  return can.length > 0 ? can : ['websocket'];
}

/** What makes a socket by a transport. */
export function openerOf(platform: Platform, transport: Transport): Platform['openSocket'] {
  const caller = callerOf(platform);
  if (transport === 'websocket' || !caller) return (target, handlers) => platform.openSocket(target, handlers);
  const open = transport === 'sse' ? openEventSource : openLongPoll;
  return (target, handlers) => open(caller, target, handlers);
}
