import type { ReplicaLimits } from '../limits.ts';
import { type Store, storeFailure } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/scripts.ts';

interface Rate {
  readonly name: string;
  readonly perMinute: number;
  /** The largest amount to spend at once. */
  readonly burst: number;
}

const playerKey = (player: string) => `gridlock:{player:${player}}:rates`;
const addressKey = (address: string) => `gridlock:{address:${address}}:rates`;

/**
 * Rates that hold for the whole cluster, whichever replicas a player connects to. They are spent in Redis, by requests
 * that use it anyway: messages in channels, new games, room codes that lead nowhere. Moves and bytes are counted by
 * each replica.
 */
export class SharedRates {
  readonly #spend: Script;
  readonly #publish: Rate;
  readonly #games: Rate;
  readonly #misses: Rate;

  constructor(redis: Store, { perPlayer, perAddress }: ReplicaLimits) {
    this.#spend = defineScript(redis, [new URL('./lua/spend.lua', import.meta.url)]);
    const { publishPerTenSeconds, gamesPerMinute } = perPlayer;
    const { missesPerMinute } = perAddress;
    this.#publish = { name: 'publish', perMinute: 6 * publishPerTenSeconds, burst: publishPerTenSeconds };
    this.#games = { name: 'games', perMinute: gamesPerMinute, burst: gamesPerMinute };
    this.#misses = { name: 'misses', perMinute: missesPerMinute, burst: missesPerMinute };
  }

  /** A message in a channel: the milliseconds to wait, or 0. Rejects with a `Refusal` when Redis does not answer. */
  publish(player: string): Promise<number> {
    return this.#take(playerKey(player), this.#publish);
  }

  /** A request that may make a game; as `publish`. */
  game(player: string): Promise<number> {
    return this.#take(playerKey(player), this.#games);
  }

  /** A room code that led nowhere; the milliseconds for which the address may try no other one, or 0. */
  miss(address: string): Promise<number> {
    return this.#take(addressKey(address), this.#misses);
  }

  async #take(key: string, { name, perMinute, burst }: Rate): Promise<number> {
    try {
      return Number(await this.#spend([key], [name, perMinute / 60, burst, 1]));
    } catch (error) {
      throw storeFailure(error);
    }
  }
}
