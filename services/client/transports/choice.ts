import type { Transport } from '../../protocol/index.ts';
import type { Platform } from '../platform.ts';
import { callerOf } from './calls.ts';
import { openEventSource } from './event-source.ts';
import { openLongPoll } from './long-poll.ts';

/** Connections in a row that never began, before the next transport is tried: the first time, and once it has worked. */
const FAILURES = 2;
const FAILURES_OF_PROVEN = 6;
/** How long another transport that works is kept before the best one is tried again, at the next connection. */
export const KEEP_MS = 300_000;

/** Which transport the next connection is made by. */
export class TransportChoice {
  readonly #transports: readonly Transport[];
  readonly #now: () => number;
  readonly #proven = new Set<Transport>();
  #index = 0;
  #failures = 0;
  #since = 0;
  #keepMs = KEEP_MS;
  /** What worked, to go back to when the best one still does not. */
  #fallback = 0;

  /** `transports`: the best first. `now` in milliseconds. */
  constructor(transports: readonly Transport[], now: () => number) {
    this.#transports = transports;
    this.#now = now;
  }

  get current(): Transport {
    return this.#transports[this.#index] ?? 'websocket';
  }

  /** To be called before a connection is made. */
  next(): Transport {
    if (this.#index > 0 && this.#fallback === this.#index && this.#now() - this.#since >= this.#keepMs) {
      this.#index = 0;
      // One failure is enough to go back to what works.
      this.#failures = FAILURES - 1;
    }
    return this.current;
  }

  /** The connection began. */
  worked(): void {
    this.#failures = 0;
    this.#proven.add(this.current);
    if (this.#index === 0) {
      this.#keepMs = KEEP_MS;
      this.#fallback = 0;
    } else if (this.#fallback !== this.#index) {
      this.#fallback = this.#index;
      this.#since = this.#now();
    }
  }

  /** The connection never began, and it was not the server that refused it. */
  failed(): void {
    this.#failures += 1;
    if (this.#index === 0 && this.#fallback > 0) {
      if (this.#failures < FAILURES) return;
      this.#index = this.#fallback;
      this.#since = this.#now();
      this.#keepMs *= 2;
      this.#failures = 0;
      return;
    }
    // One that has worked is not broken by a proxy: more likely the server is away, for all of them.
    const allowed = this.#proven.has(this.current) ? FAILURES_OF_PROVEN : FAILURES;
    if (this.#failures < allowed) return;
    this.#index = (this.#index + 1) % this.#transports.length;
    this.#failures = 0;
  }
}

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
