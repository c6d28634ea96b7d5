import { setTimeout as delay } from 'node:timers/promises';
import { GridlockClient, nodePlatform } from '../../services/client/node.ts';
import type { Transport } from '../../services/protocol/index.ts';

/** What a crowd of clients has done so far. */
export interface Tally {
  /** Requests of HTTP, upgrades included. */
  requests: number;
  /** Events of games that reached a client. */
  events: number;
  /** From each capture to its acknowledgement, in milliseconds. */
  readonly roundTrips: number[];
}

/** Clients of one transport, counted together. */
export class Crowd {
  readonly tally: Tally = { requests: 0, events: 0, roundTrips: [] };
  readonly #clients: GridlockClient[] = [];
  readonly #connect: () => Promise<GridlockClient>;

  constructor(server: { readonly url: string; readonly rootPem: string }, transport: Transport) {
    const platform = nodePlatform({ url: server.url, ca: server.rootPem });
    const counted = {
      ...platform,
      openSocket: (...args: Parameters<typeof platform.openSocket>) => {
        this.tally.requests += 1;
        return platform.openSocket(...args);
      },
      request: (...args: Parameters<NonNullable<typeof platform.request>>) => {
        this.tally.requests += 1;
        return platform.request!(...args);
      },
    };
    this.#connect = async () => {
      const client = new GridlockClient(counted, { transports: [transport] });
      this.#clients.push(client);
      client.on('game', ({ event }) => {
        if (event) this.tally.events += 1;
      });
      await client.connect();
      return client;
    };
  }

  /** Connects clients that do nothing. */
  async add(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) await this.#connect();
  }

  /** A game of two, both of whom capture one cell each interval until the signal comes. */
  async play(intervalMs: number, signal: AbortSignal): Promise<void> {
    const players = [await this.#connect(), await this.#connect()];
    while (!signal.aborted) {
      const { game } = await players[0]!.create({ players: 2, size: 16, seconds: 300 });
      await players[1]!.join(game);
      await Promise.all(
        players.map(async (player, index) => {
          for (let cell = index; cell < 256 && !signal.aborted; cell += 2) {
            const due = performance.now() + intervalMs;
            const began = performance.now();
            await player.capture(game, cell);
            this.tally.roundTrips.push(performance.now() - began);
            await delay(Math.max(0, due - performance.now()));
          }
        }),
      );
      await Promise.all(players.map((player) => player.leave(game)));
    }
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
