import type { GameEvent, GameState } from '../../../protocol/index.ts';
import { applyAll } from '../../game/rules.ts';
import { type RawEntry, toEntry } from '../../history/history-store.ts';
import type { GameScript, Records } from '../records.ts';
import { type Answer, freeCells, type Memory, type Plan } from './plan.ts';

/** "<token> <owner>": who may write to a game. */
export type Hold = string;

export const ownerOf = (hold: Hold): string => hold.slice(hold.indexOf(' ') + 1);

export type Taken =
  | { readonly tag: 'taken'; readonly hold: Hold; readonly memory: Memory | undefined }
  /** Another replica has it; `leaseMs` is what is left of its lease. */
  | { readonly tag: 'held'; readonly hold: Hold; readonly leaseMs: number };

export type Written =
  | { readonly tag: 'ok'; readonly at: number }
  /** The hold is another one's by now, or the game went on without this one: nothing was written. */
  | { readonly tag: 'fenced' | 'moved' }
  /** The actor of this index in the plan is outdated; nothing was written. */
  | { readonly tag: 'superseded'; readonly actor: number }
  /** The store has no room for another game or player; nothing was written. */
  | { readonly tag: 'full' }
  /** The plan was made for the wrong side of the game's end; nothing was written. */
  | { readonly tag: 'time'; readonly at: number };

/** The record of the games in Redis as their owners write it. */
export class Journal {
  readonly #take: GameScript;
  readonly #write: GameScript;
  readonly #release: GameScript;
  readonly #owner: string;
  readonly #leaseMs: number;

  constructor(records: Records, owner: string, leaseMs: number) {
    const file = (name: string) => new URL(`./lua/${name}.lua`, import.meta.url);
    this.#take = records.define('take', [file('take')]);
    this.#write = records.defineMany('journal', file('journal'));
    this.#release = records.define('release', [file('release')]);
    this.#owner = owner;
    this.#leaseMs = leaseMs;
  }

  /**
   * Takes a game if nobody holds it, and replays its history. `dead` is a hold that may be broken at once, `silent`
   * one that may be once its lease has run out.
   */
  async take(game: string, { dead = '', silent = '' }: { dead?: Hold; silent?: Hold } = {}): Promise<Taken> {
    const reply = await this.#take(game, [this.#owner, this.#leaseMs, dead, silent]);
    if (reply[0] === 'held') return { tag: 'held', hold: reply[1] as Hold, leaseMs: Number(reply[2]) };
    const [, hold, epoch, seq, joins, endsAt, entries, answers] = reply as [
      string,
      Hold,
      string?,
      string?,
      string?,
      string?,
      RawEntry[]?,
      string[]?,
    ];
    if (epoch === undefined) return { tag: 'taken', hold, memory: undefined };
    const state = replay(entries!);
    return {
      tag: 'taken',
      hold,
      memory: {
        epoch,
        seq: Number(seq),
        joins: Number(joins),
        answers: toAnswers(answers!),
        state: state && (endsAt ? { ...state, endsAt: Number(endsAt) } : state),
      },
    };
  }

  async write(game: string, hold: Hold, memory: Memory, plan: Plan): Promise<Written> {
    const { actors, events, answers, moment } = plan;
    const args = [hold, memory.epoch, memory.seq, this.#leaseMs, moment];
    args.push(actors.length, ...actors.flatMap(({ player, generation }) => [player, generation]));
    args.push(events.length, ...events.flatMap(toArguments(plan.state)));
    args.push(answers.length, ...answers.flatMap(({ key, fingerprint, event }) => [key, fingerprint, event]));
    const fields = changedFields(memory, plan);
    args.push(fields.length, ...fields.flat());
    const [tag, value] = await this.#write(game, args);
    switch (tag) {
      case 'ok':
      case 'time':
        return { tag, at: Number(value) };
      case 'superseded':
        return { tag, actor: Number(value) - 1 };
      default:
        return { tag: tag as 'fenced' | 'moved' | 'full' };
    }
  }

  async release(game: string, hold: Hold): Promise<void> {
    await this.#release(game, [hold]);
  }
}

/** What an owner knows once its plan is recorded, at `at` by Redis's clock. */
export function recorded(memory: Memory, { events, answers, joins }: Plan, at: number): Memory {
  if (events.length === 0 && joins === memory.joins) return memory;
  const exact = events.map((event) => (event.kind === 'started' ? startedAt(event, at) : event));
  const known = memory.answers as Map<string, Answer>;
  for (const { key, fingerprint, event } of answers) known.set(key, { fingerprint, seq: memory.seq + event });
  return { ...memory, seq: memory.seq + events.length, joins, state: applyAll(memory.state, exact, at) };
}

const startedAt = (event: Extract<GameEvent, { kind: 'started' }>, at: number): GameEvent => ({
  ...event,
  startedAt: at,
  endsAt: at + (event.endsAt - event.startedAt),
});

function replay(entries: readonly RawEntry[]): GameState | undefined {
  return entries.map(toEntry).reduce<GameState | undefined>((state, { text }) => {
    const { event, at } = JSON.parse(text) as { event: GameEvent; at: number };
    return applyAll(state, [event], at);
  }, undefined);
}

function toAnswers(flat: readonly string[]): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [fingerprint = '', seq = ''] = flat[index + 1]!.split(' ');
    answers.set(flat[index]!, { fingerprint, seq: Number(seq) });
  }
  return answers;
}

/** Kind, JSON, and what the script needs to know of it besides. The times of a start are the script's to set. */
const toArguments =
  (state: GameState | undefined) =>
  (event: GameEvent): (string | number)[] => {
    switch (event.kind) {
      case 'created':
        return [event.kind, JSON.stringify(event), event.settings.size ** 2, ''];
      case 'captured':
        return [event.kind, JSON.stringify(event), event.cell, event.seat];
      case 'started':
        return [event.kind, '', state!.settings.seconds, ''];
      case 'finished':
        return [event.kind, JSON.stringify(event), event.reason, JSON.stringify(event.ranking)];
      case 'left':
        return [event.kind, JSON.stringify(event), state!.players.length, ''];
      default:
        return [event.kind, JSON.stringify(event), '', ''];
    }
  };

/** The fields of the state beside the journal, from which every replica answers who only wants to read. */
function changedFields(memory: Memory, { events, state, joins }: Plan): [string, string | number][] {
  const fields: [string, string | number][] = joins === memory.joins ? [] : [['joins', joins]];
  if (events.length === 0 || !state) return fields;
  const kinds = new Set(events.map(({ kind }) => kind));
  if (kinds.has('created')) {
    const { players, size, seconds, spectators } = state.settings;
    fields.push(['players', players], ['size', size], ['seconds', seconds]);
    if (spectators) fields.push(['spectators', 1]);
  }
  if (kinds.has('joined') || kinds.has('left')) {
    fields.push(['roster', JSON.stringify(state.players.map(({ id, name }) => [id, JSON.stringify(name)]))]);
  }
  fields.push(['scores', JSON.stringify(state.players.map(({ score }) => score))], ['free', freeCells(state)]);
  return fields;
}
