import { SOCKET_PATH } from '../protocol/index.ts';
import type { Clock } from './clock.ts';
import { randomText } from './platform.ts';

const INSTANCE_LENGTH = 8;

/** The data about earlier sockets that a reload keeps. */
interface Saved {
  readonly attempt?: string | undefined;
  readonly route?: string | undefined;
}

/** The address of the next socket: its slot, the game whose replica it should reach, and the number of the attempt. */
export class SocketAddress {
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Whether the game is named. The server decides if the options do not. */
  #isRouted: boolean;
  #route: string | undefined;
  /** By this id the server distinguishes this client's attempts to connect from those of the player's other clients. */
  #instance: string;
  #attempts: number;

  constructor(clock: Clock, random: () => number, routeByGame: boolean | undefined, saved: Saved) {
    this.#clock = clock;
    this.#random = random;
    this.#isRouted = routeByGame ?? false;
    this.#route = routeByGame === false ? undefined : saved.route;
    // Continues after a reload, because an attempt of the previous page may still arrive.
    const [instance = randomText(random, INSTANCE_LENGTH), attempts = '0'] = saved.attempt?.split('.') ?? [];
    this.#instance = instance;
    this.#attempts = Number(attempts);
  }

  get route(): string | undefined {
    return this.#route;
  }

  /** The data to keep for a reload. */
  get saved(): Saved {
    return {
      ...(this.#attempts === 0 ? {} : { attempt: this.#attempt }),
      ...(this.#route === undefined ? {} : { route: this.#route }),
    };
  }

  /** Whether the addresses to come name a game. */
  routeByGame(isRouted: boolean): void {
    this.#isRouted = isRouted;
  }

  /** Names a game, whose replica the socket should reach; true when that changes the address. */
  leadTo(game: string): boolean {
    if (!this.#isRouted || game === this.#route) return false;
    this.#route = game;
    return true;
  }

  leadNowhere(): void {
    this.#route = undefined;
  }

  /** Counts one more attempt. */
  advance(): void {
    // Based on time: the saved number may be a copy, or older than that of a client that connected often since. All of
    // its attempts would then be refused as late.
    this.#attempts = Math.max(this.#attempts + 1, Math.floor(this.#clock.now()));
  }

  /**
   * A copy of this page may have superseded it and continue from the same attempt, so later attempts get another client
   * id.
   */
  begin(): void {
    this.#instance = randomText(this.#random, INSTANCE_LENGTH);
    this.#attempts = 0;
  }

  /** Path and query; `rebalance` lets the edge choose any replica but the one before. */
  path(slot: string, rebalance: boolean): string {
    const game = this.#route === undefined ? '' : `&game=${this.#route}`;
    return `${SOCKET_PATH}?slot=${slot}${game}${rebalance ? '&rebalance=1' : ''}&attempt=${this.#attempt}`;
  }

  get #attempt(): string {
    return `${this.#instance}.${this.#attempts}`;
  }
}
