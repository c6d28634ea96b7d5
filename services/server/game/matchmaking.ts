import { createHmac } from 'node:crypto';
import { CODE_ALPHABET, CODE_LENGTH, type Matching } from '../../protocol/index.ts';
import { type Actor, askerOf, Refusal, requesterOf } from '../authority/game-authority.ts';
import { type Store, storeFailure } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/scripts.ts';

/** The keys of the open games of a shape, and of the answer that a request got before. */
export const matchKeys = (shape: string, player: string, id: string) => ({
  open: `gridlock:{match}:${shape}`,
  handed: `gridlock:{match}:${shape}:handed`,
  request: `gridlock:{match}:request:${player}:${id}`,
});

const KEEP_SECONDS = 3600;
/** How long to wait for room for another game, in milliseconds: games are short. */
export const FULL_MS = 5000;

/** Finds codes for new games, and open games for quick match. */
export class Matchmaking {
  readonly #matching: Matching<unknown>;
  readonly #secret: Uint8Array;
  readonly #find: Script;
  readonly #close: Script;

  /** `secret` is the same on all replicas: the code of a new game follows from it and the request. */
  constructor(redis: Store, secret: Uint8Array, matching: Matching<unknown>) {
    this.#matching = matching;
    this.#secret = secret;
    this.#find = defineScript(redis, [new URL('./lua/match.lua', import.meta.url)]);
    this.#close = defineScript(redis, [new URL('./lua/unmatch.lua', import.meta.url)]);
  }

  /** The same request gives the same code on every replica: a repeat finds the game it made. */
  code(actor: Actor, id: string, attempt: number): string {
    const request = `game-code\0${requesterOf(askerOf(actor))}\0${id}\0${attempt}`;
    const digest = createHmac('sha256', this.#secret).update(request).digest();
    const letter = (byte: number) => CODE_ALPHABET[byte % CODE_ALPHABET.length];
    return Array.from(digest.subarray(0, CODE_LENGTH), letter).join('');
  }

  /** The code of the game to enter: an open one, or a new one. `closed` turned out not to be open. When `isFull`, no new one. */
  async find(
    actor: Actor,
    id: string,
    settings: unknown,
    attempt: number,
    closed: string,
    isFull: boolean,
  ): Promise<string> {
    const shape = this.#matching.key(settings);
    const { open, handed, request } = matchKeys(shape, actor.player.id, id);
    const args = [
      shape,
      this.#matching.seats(settings),
      this.code(actor, id, attempt),
      closed,
      KEEP_SECONDS,
      isFull ? 1 : 0,
    ];
    const [tag, value] = (await this.#run(this.#find, [open, handed, request], args)) as [string, string];
    if (value === 'cluster_full') throw new Refusal(value, undefined, FULL_MS);
    if (tag === 'refused') throw new Refusal(value as Refusal['code']);
    return value;
  }

  /** The game has no seat left. A failure costs the next one an attempt, nothing else. */
  async close(settings: unknown, game: string): Promise<void> {
    const { open, handed } = matchKeys(this.#matching.key(settings), '', '');
    await this.#run(this.#close, [open, handed], [game]).catch(() => undefined);
  }

  async #run(script: Script, keys: string[], args: (string | number)[]): Promise<unknown> {
    try {
      return await script(keys, args);
    } catch (error) {
      throw storeFailure(error);
    }
  }
}
