import type { ServerMessageOf, Transport } from '../protocol/index.ts';
import { type Clock, ServerTime } from './clock.ts';
import type { ConnectionState, Health } from './events.ts';

type Welcome = ServerMessageOf<'welcome'>;

/** The measurements of the connection. */
export class Vitals {
  readonly #clock: Clock;
  readonly #serverTime = new ServerTime();
  #welcome: Welcome | undefined;
  #connections = 0;
  #reconnects = 0;
  #moving = false;
  #connectedSince: number | undefined;
  #roundTripMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The last welcome. */
  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  /** Times the connection was made. */
  get connections(): number {
    return this.#connections;
  }

  serverNow(): number {
    return this.#clock.now() + this.#serverTime.offsetMs;
  }

  /** The next connection is made because this client wants it, not because the last one was lost. */
  moving(): void {
    this.#moving = true;
  }

  welcomed(welcome: Welcome): void {
    this.#welcome = welcome;
    if (this.#connections++ > 0 && !this.#moving) this.#reconnects++;
    this.#moving = false;
    this.#connectedSince = this.#clock.now();
    this.#serverTime.hint(welcome.now, this.#connectedSince);
  }

  ponged(pong: ServerMessageOf<'pong'>): void {
    const now = this.#clock.now();
    this.#serverTime.sample(pong.now, pong.t, now);
    this.#roundTripMs = Math.max(0, now - pong.t);
  }

  cut(): void {
    this.#connectedSince = undefined;
    this.#roundTripMs = undefined;
  }

  health(state: ConnectionState, transport: Transport, pending: number): Health {
    return {
      state,
      transport,
      replica: this.#welcome?.replica,
      connection: this.#welcome?.connection,
      roundTripMs: this.#roundTripMs,
      reconnects: this.#reconnects,
      connectedSince: this.#connectedSince,
      pending,
    };
  }
}
