import { FREE, type GameState, LIMITS, toSettings } from '../../protocol/index.ts';
import type { LogEntry, Position } from '../history/history.ts';
import { type HistoryScript, type HistoryStore, type RawEntry, type Reply, toEntry } from '../history/history-store.ts';
import { type Actor, Refusal, type Resumed, type View } from './game-authority.ts';

/** The key of the head of a game's history. */
export const stateKey = (game: string): string => `gridlock:{${game}}:state`;

/** All keys of a game share the hash tag `{CODE}`, so that a cluster keeps them on one shard. */
export const gameKeys = (game: string) => ({
  state: stateKey(game),
  cells: `gridlock:{${game}}:cells`,
  events: `gridlock:{${game}}:events`,
  answers: `gridlock:{${game}}:answers`,
  lease: `gridlock:{${game}}:lease`,
});

const file = (name: string) => new URL(`./lua/${name}.lua`, import.meta.url);

/** A script that runs on the record of one game: the game's code, then the arguments. */
export type GameScript = (game: string, args: readonly (string | number)[]) => Promise<Reply>;

/** What Redis keeps of the games, as every replica may read it at any time, whoever decides what happens in them. */
export class Records {
  readonly #histories: HistoryStore;
  readonly #resume: GameScript;
  readonly #watch: GameScript;
  readonly #view: GameScript;
  readonly #roster: GameScript;

  readonly #now: () => number;

  /** `now` in milliseconds by Redis's clock. */
  constructor(histories: HistoryStore, now: () => number = Date.now) {
    this.#histories = histories;
    this.#now = now;
    this.#resume = this.define('resume', [file('resume')]);
    this.#watch = this.define('watch', [file('watch')]);
    this.#view = this.define('view', [file('view')]);
    this.#roster = this.define('roster', [file('roster')]);
  }

  /** Makes a script of files that build on `game.lua`. */
  define(name: string, files: readonly URL[]): GameScript {
    return onGame(this.#histories.define(`game:${name}`, files, [file('game')]));
  }

  /** The same of a file that defines what is done for one of many requests. */
  defineMany(name: string, each: URL): GameScript {
    return onGame(this.#histories.defineMany(`game:${name}`, [file('game'), each]));
  }

  async resume({ player, generation }: Actor, game: string, known: Position): Promise<Resumed> {
    const args = [player.id, generation, known.epoch, known.seq, this.#now(), LIMITS.resumeWindowMs];
    return this.#shown(game, toResumed(game, await this.#resume(game, args)));
  }

  async watch(player: string, game: string, known: Position): Promise<Resumed> {
    const args = [player, known.epoch, known.seq, this.#now(), LIMITS.resumeWindowMs];
    return this.#shown(game, toResumed(game, await this.#watch(game, args)));
  }

  async view(game: string): Promise<View> {
    const view = toView(game, (await this.#view(game, []))[1] as RawView);
    this.saw(game, view);
    return view;
  }

  /** A position in a game that is answered with: somebody knows of it from now on. */
  saw(game: string, { epoch, seq }: Position): void {
    this.#histories.sightings.note(stateKey(game), epoch, seq);
  }

  #shown(game: string, resumed: Resumed): Resumed {
    this.saw(game, resumed.recovered ? resumed : resumed.view);
    return resumed;
  }

  async isPlayer(game: string, player: string): Promise<boolean> {
    const [, roster] = await this.#roster(game, []);
    if (typeof roster !== 'string') throw new Refusal('game_not_found');
    return (JSON.parse(roster) as [string, string][]).some(([id]) => id === player);
  }

  entriesAfter(game: string, after: Position): Promise<LogEntry[] | undefined> {
    const { state, events } = gameKeys(game);
    return this.#histories.after(state, events, after);
  }

  position(game: string): Promise<Position | undefined> {
    return this.#histories.position(gameKeys(game).state);
  }

  renew(game: string, epoch: string): Promise<void> {
    return this.#histories.renew(gameKeys(game).state, epoch);
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

/** What the scripts give of a whole game: the time, the state as field, value, ..., and the board. */
export type RawView = [now: string, state: string[], cells: string];

/** The snapshot of a game from what Redis keeps of it. */
export function toView(game: string, [now, fields, cells]: RawView): View {
  const state = new Map<string, string>();
  for (let index = 0; index + 1 < fields.length; index += 2) state.set(fields[index]!, fields[index + 1]!);
  return {
    game,
    epoch: state.get('epoch') ?? '',
    seq: Number(state.get('seq')),
    now: Number(now),
    state: toState(state, cells),
  };
}

function toState(fields: Map<string, string>, board: string): GameState {
  const integer = (field: string) => Number(fields.get(field));
  const optional = (field: 'startedAt' | 'endsAt' | 'finishedAt') =>
    fields.has(field) ? { [field]: integer(field) } : {};
  const roster = JSON.parse(fields.get('roster') ?? '[]') as [string, string][];
  const scores = JSON.parse(fields.get('scores') ?? '[]') as number[];
  const reason = fields.get('reason') as GameState['reason'];
  const ranking = fields.get('ranking');
  return {
    settings: toSettings({
      players: integer('players'),
      size: integer('size'),
      seconds: integer('seconds'),
      spectators: fields.get('spectators') === '1',
    }),
    status: fields.get('status') as GameState['status'],
    players: roster.map(([id, name], seat) => ({ id, name: JSON.parse(name) as string, score: scores[seat] ?? 0 })),
    cells: Array.from(board, (holder) => (holder === '.' ? FREE : Number(holder))),
    createdAt: integer('createdAt'),
    ...optional('startedAt'),
    ...optional('endsAt'),
    ...optional('finishedAt'),
    ...(reason === undefined ? {} : { reason }),
    ...(ranking === undefined ? {} : { ranking: JSON.parse(ranking) as NonNullable<GameState['ranking']> }),
  };
}
