import { createHmac, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { CODE_ALPHABET, CODE_LENGTH, type ErrorCode, type GameSettings } from '../../protocol/index.ts';
import {
  Refusal, type Actor, type Applied, type Entered, type GameAuthority, type LogEntry, type Position, type Resumed,
  type View,
} from '../authority.ts';
import { storeFailure } from '../redis.ts';
import { defineScript, type Script } from '../scripts.ts';
import { gameKeys, matchKeys, shapeOf } from './keys.ts';
import { toView, type RawView } from './view.ts';

const MATCH_SECONDS = 3600;
/** Attempts to find a free code, or an open game, before giving up. */
const ATTEMPTS = 8;

type Mode = 'create' | 'join' | 'match';
type GameScript = 'enter' | 'leave' | 'capture' | 'finish' | 'resume';
type ScriptName = GameScript | 'match' | 'unmatch';
type Reply = [tag: string, ...rest: unknown[]];

/**
 * The design in which any replica serves any game: one script a move inside Redis decides, records and
 * announces.
 */
export class StatelessAuthority implements GameAuthority {
  readonly #redis: Redis;
  readonly #secret: Uint8Array;
  readonly #scripts: Record<ScriptName, Script>;

  /** `secret` is the same on all replicas: the code of a new game follows from it and the request. */
  constructor(redis: Redis, secret: Uint8Array) {
    this.#redis = redis;
    this.#secret = secret;
    const file = (name: string) => new URL(`./lua/${name}.lua`, import.meta.url);
    const ofGame = (name: string) => defineScript(redis, `game:${name}`, [file('game'), file(name)]);
    const ofMatch = (name: string) => defineScript(redis, `match:${name}`, [file(name)]);
    this.#scripts = {
      enter: ofGame('enter'),
      leave: ofGame('leave'),
      capture: ofGame('capture'),
      finish: ofGame('finish'),
      resume: ofGame('resume'),
      match: ofMatch('match'),
      unmatch: ofMatch('unmatch'),
    };
  }

  async create(actor: Actor, id: string, settings: GameSettings): Promise<Entered> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      // The same request gives the same code on every replica: a repeat finds the game it made.
      const entered = await this.#enter('create', actor, id, this.#code(actor, id, attempt), settings);
      if (entered) return entered;
    }
    throw new Refusal('unavailable', 'No free game code was found; try again.', 1000);
  }

  async join(actor: Actor, id: string, game: string): Promise<Entered> {
    return (await this.#enter('join', actor, id, game))!;
  }

  async match(actor: Actor, id: string, settings: GameSettings): Promise<Entered> {
    const shape = shapeOf(settings);
    const keys = matchKeys(shape, actor.player.id, id);
    let closed = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const candidate = this.#code(actor, id, attempt);
      const args = [shape, settings.players, candidate, closed, MATCH_SECONDS];
      const game = String((await this.#run('match', [keys.open, keys.handed, keys.request], args))[1]);
      try {
        const entered = (await this.#enter('match', actor, id, game, settings))!;
        if (entered.view.state.status !== 'waiting') {
          // A failure here costs the next one an attempt, nothing else.
          await this.#run('unmatch', [keys.open, keys.handed], [game]).catch(() => undefined);
        }
        return entered;
      } catch (error) {
        const isClosed = error instanceof Refusal && (error.code === 'game_full' || error.code === 'game_over');
        if (!isClosed) throw error;
        closed = game;
      }
    }
    throw new Refusal('unavailable', 'The open games fill faster than you could enter one; try again.', 250);
  }

  async leave(actor: Actor, id: string, game: string): Promise<Applied> {
    const { player, generation } = actor;
    return toApplied(game, await this.#onGame('leave', game, [player.id, id, 'leave', generation]));
  }

  async capture(actor: Actor, id: string, game: string, cell: number): Promise<Applied> {
    const { player, generation } = actor;
    const args = [player.id, id, `capture:${cell}`, generation, cell];
    return toApplied(game, await this.#onGame('capture', game, args));
  }

  async resume({ player, generation }: Actor, game: string, known: Position): Promise<Resumed> {
    const reply = await this.#onGame('resume', game, [player.id, generation, known.epoch, known.seq]);
    if (reply[0] === 'view') return { recovered: false, view: toView(game, reply[1] as RawView) };
    const [, epoch, seq, status, endsAt, entries] = reply as
      [string, string, number, string, string, [string, string[]][]];
    return {
      recovered: true,
      epoch,
      seq,
      entries: entries.map(toEntry),
      completed: status === 'completed',
      endsAt: Number(endsAt) || undefined,
    };
  }

  async finish(game: string): Promise<number> {
    return Number((await this.#onGame('finish', game, []))[1]);
  }

  async view(game: string): Promise<View> {
    const keys = gameKeys(game);
    try {
      // MULTI, so that no move comes between the state and the board.
      const replies = await this.#redis.multi().time().hgetall(keys.state).get(keys.cells).exec();
      const [time, state, cells] = (replies ?? []).map(([error, reply]) => {
        if (error) throw error;
        return reply;
      }) as [[string | number, string | number], Record<string, string>, string | null];
      if (cells === null) throw new Refusal('game_not_found');
      const now = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
      return toView(game, [String(now), Object.entries(state).flat(), cells]);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  async isPlayer(game: string, player: string): Promise<boolean> {
    try {
      const roster = await this.#redis.hget(gameKeys(game).state, 'roster');
      if (roster === null) throw new Refusal('game_not_found');
      return (JSON.parse(roster) as [string, string][]).some(([id]) => id === player);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  async entriesAfter(game: string, seq: number): Promise<LogEntry[]> {
    try {
      return (await this.#redis.xrange(gameKeys(game).events, `${seq + 1}-0`, '+')).map(toEntry);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  async position(game: string): Promise<Position | undefined> {
    try {
      const [epoch, seq] = await this.#redis.hmget(gameKeys(game).state, 'epoch', 'seq');
      return epoch && seq ? { epoch, seq: Number(seq) } : undefined;
    } catch (error) {
      throw storeFailure(error);
    }
  }

  channel(game: string): string {
    return gameKeys(game).events;
  }

  /** Undefined when a game of this code exists already and the mode is `create`. */
  async #enter(mode: Mode, actor: Actor, id: string, game: string, settings?: GameSettings) {
    const { player, generation } = actor;
    const fingerprint = settings ? `${mode}:${shapeOf(settings)}` : mode;
    const shape = settings ? [settings.players, settings.size, settings.seconds] : [];
    const epoch = randomBytes(9).toString('base64url');
    const name = JSON.stringify(player.name);
    const args = [mode, player.id, id, fingerprint, generation, name, epoch, ...shape];
    const reply = await this.#onGame('enter', game, args);
    if (reply[0] === 'exists') return undefined;
    const [, seq, duplicate, raw] = reply as [string, number, number, RawView];
    const view = toView(game, raw);
    return { game, epoch: view.epoch, seq, duplicate: duplicate === 1, view };
  }

  #onGame(script: GameScript, game: string, args: (string | number)[]) {
    const { state, cells, events, answers } = gameKeys(game);
    return this.#run(script, [state, cells, events, answers], args);
  }

  async #run(script: ScriptName, keys: string[], args: (string | number)[]): Promise<Reply> {
    let reply: Reply | number;
    try {
      reply = (await this.#scripts[script](keys, args)) as Reply | number;
    } catch (error) {
      throw storeFailure(error);
    }
    if (typeof reply === 'number') return ['ok', reply];
    if (reply[0] === 'refused') throw new Refusal(reply[1] as ErrorCode);
    return reply;
  }

  #code({ player }: Actor, id: string, attempt: number): string {
    const request = `game-code\0${player.id}\0${id}\0${attempt}`;
    const digest = createHmac('sha256', this.#secret).update(request).digest();
    const letter = (byte: number) => CODE_ALPHABET[byte % CODE_ALPHABET.length];
    return Array.from(digest.subarray(0, CODE_LENGTH), letter).join('');
  }
}

const toApplied = (game: string, reply: Reply): Applied => {
  const [, seq, duplicate, epoch] = reply as [string, number, number, string];
  return { game, epoch, seq, duplicate: duplicate === 1 };
};

const toEntry = ([id, fields]: [string, string[]]): LogEntry =>
  ({ seq: Number.parseInt(id, 10), text: fields[1]! });
