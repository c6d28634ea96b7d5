import { LIMITS } from '../../protocol/index.ts';
import { type HistoryScript, type Ledger, type RawEntry, type Reply, toEntry } from '../history/history-store.ts';
import { type Actor, type LogEntry, type Position, Refusal, type Resumed, type View } from './game-authority.ts';
import { gameKeys } from './keys.ts';
import { type RawView, toView } from './view.ts';

const file = (name: string) => new URL(`./lua/${name}.lua`, import.meta.url);

/** A script that runs on the record of one game: the game's code, then the arguments. */
export type GameScript = (game: string, args: readonly (string | number)[]) => Promise<Reply>;

/** What Redis keeps of the games, as every replica may read it at any time, whoever decides what happens in them. */
export class Records {
  readonly #ledger: Ledger;
  readonly #resume: GameScript;
  readonly #watch: GameScript;
  readonly #view: GameScript;
  readonly #roster: GameScript;

  readonly #now: () => number;

  /** `now` in milliseconds by Redis's clock. */
  constructor(ledger: Ledger, now: () => number = Date.now) {
    this.#ledger = ledger;
    this.#now = now;
    this.#resume = this.define('resume', [file('resume')]);
    this.#watch = this.define('watch', [file('watch')]);
    this.#view = this.define('view', [file('view')]);
    this.#roster = this.define('roster', [file('roster')]);
  }

  /** Makes a script of files that build on `game.lua`. */
  define(name: string, files: readonly URL[]): GameScript {
    return onGame(this.#ledger.define(`game:${name}`, files, [file('game')]));
  }

  /** The same of a file that defines what is done for one of many requests. */
  defineMany(name: string, each: URL): GameScript {
    return onGame(this.#ledger.defineMany(`game:${name}`, [file('game'), each]));
  }

  async resume({ player, generation }: Actor, game: string, known: Position): Promise<Resumed> {
    return toResumed(
      game,
      await this.#resume(game, [player.id, generation, known.epoch, known.seq, this.#now(), LIMITS.resumeWindowMs]),
    );
  }

  async watch(player: string, game: string, known: Position): Promise<Resumed> {
    return toResumed(
      game,
      await this.#watch(game, [player, known.epoch, known.seq, this.#now(), LIMITS.resumeWindowMs]),
    );
  }

  async view(game: string): Promise<View> {
    return toView(game, (await this.#view(game, []))[1] as RawView);
  }

  async isPlayer(game: string, player: string): Promise<boolean> {
    const [, roster] = await this.#roster(game, []);
    if (typeof roster !== 'string') throw new Refusal('game_not_found');
    return (JSON.parse(roster) as [string, string][]).some(([id]) => id === player);
  }

  entriesAfter(game: string, after: Position): Promise<LogEntry[] | undefined> {
    const { state, events } = gameKeys(game);
    return this.#ledger.after(state, events, after);
  }

  position(game: string): Promise<Position | undefined> {
    return this.#ledger.position(gameKeys(game).state);
  }

  renew(game: string, epoch: string): Promise<void> {
    return this.#ledger.renew(gameKeys(game).state, epoch);
  }
}

function onGame(script: HistoryScript): GameScript {
  return (game, args) => {
    const { state, cells, events, answers, lease } = gameKeys(game);
    return script([state, cells, events, answers, lease], args);
  };
}

function toResumed(game: string, reply: Reply): Resumed {
  if (reply[0] === 'view') return { recovered: false, view: toView(game, reply[1] as RawView) };
  const [, epoch, seq, status, endsAt, entries, watchable] = reply as [
    string,
    string,
    number,
    string,
    string,
    RawEntry[],
    number,
  ];
  return {
    recovered: true,
    epoch,
    seq,
    entries: entries.map(toEntry),
    completed: status === 'completed',
    endsAt: Number(endsAt) || undefined,
    spectators: watchable === 1,
  };
}
