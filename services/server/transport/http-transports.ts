import type { FastifyInstance } from 'fastify';
import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';
import { Holder } from './holder.ts';
import { addTransportRoutes, type TransportRoutesOptions } from './http-routes.ts';
import { Relay } from './relay.ts';

/**
 * The longest silence on a connection without a WebSocket, in milliseconds: proxies give up a response after half a
 * minute, the edge after less.
 */
export const QUIET_MS = 10_000;

export interface TransportsOptions extends Omit<TransportRoutesOptions, 'holder' | 'relay'> {
  readonly redis: Pick<Store, 'spublish'>;
  readonly bus: Pick<Bus, 'listen' | 'unlisten'>;
}

/** The ways to have a connection where there is no WebSocket. */
export class Transports {
  readonly #relay: Relay;

  constructor(app: FastifyInstance, { redis, bus, ...options }: TransportsOptions) {
    const { replica } = options;
    const holder = new Holder();
    this.#relay = new Relay({ redis, bus, replica, onAsked: (asked) => holder.answer(asked) });
    addTransportRoutes(app, { ...options, holder, relay: this.#relay });
  }

  stop(): void {
    this.#relay.stop();
  }
}
