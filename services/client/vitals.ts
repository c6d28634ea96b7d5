import type { ServerMessageOf, Transport } from '../protocol/index.ts';
import type { ConnectionState, Health } from './events.ts';
import type { Clock } from './platform.ts';

type Welcome = ServerMessageOf<'welcome'>;

/** What is measured of the connection. */
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

  /** The last one there was. */
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

const SAMPLES = 8;

/** The server's clock as seen from here: of the last pongs, the one with the shortest round trip errs least. */
export class ServerTime {
  #samples: { roundTripMs: number; offsetMs: number }[] = [];
  #fallbackMs = 0;

  /** Server time minus local time in milliseconds. */
  get offsetMs(): number {
    const [first, ...rest] = this.#samples;
    if (!first) return this.#fallbackMs;
    return rest.reduce((best, sample) => (sample.roundTripMs <= best.roundTripMs ? sample : best), first).offsetMs;
  }

  /** A time of the server whose way here was not measured: used until a pong came. */
  hint(serverNow: number, localNow: number): void {
    this.#fallbackMs = serverNow - localNow;
  }

  sample(serverNow: number, sentAt: number, receivedAt: number): void {
    const roundTripMs = Math.max(0, receivedAt - sentAt);
    this.#samples.push({ roundTripMs, offsetMs: Math.round(serverNow + roundTripMs / 2 - receivedAt) });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }
}
