import {
  type ErrorCode,
  FREE,
  type GameEvent,
  type GameSettings,
  type GameState,
  type PlayerRef,
  toSettings,
} from '../../../protocol/index.ts';
import { shapeOf } from '../../game/matchmaking.ts';
import { applyAll, type Command, decide } from '../../game/rules.ts';
import type { Mode } from '../recorded-authority.ts';

interface ByPlayer {
  readonly player: PlayerRef;
  readonly generation: number;
  readonly id: string;
}

/** What somebody wants of a game, as it goes from one replica to another. */
export type GameCommand =
  | ({ readonly kind: 'enter'; readonly mode: Mode; readonly settings?: GameSettings } & ByPlayer)
  | ({ readonly kind: 'leave' } & ByPlayer)
  | ({ readonly kind: 'capture'; readonly cell: number } & ByPlayer)
  | { readonly kind: 'finish' };

/** The edge sent a player to another replica, at this time by Redis's clock: it wants the game. */
export interface YieldCommand {
  readonly kind: 'yield';
  readonly at: number;
}

/** What became of it. */
export type Outcome =
  | { readonly tag: 'applied'; readonly epoch: string; readonly seq: number; readonly duplicate: boolean }
  /** There is a game of this code, and the command wanted to make one. */
  | { readonly tag: 'exists' }
  /** The milliseconds until the game's time is out. */
  | { readonly tag: 'left'; readonly ms: number }
  | { readonly tag: 'refused'; readonly code: ErrorCode }
  /** The game was let go of for who asked. */
  | { readonly tag: 'yielded' }
  /** This replica does not hold the game, so that it did nothing. */
  | { readonly tag: 'elsewhere' };

export const refused = (code: ErrorCode): Outcome => ({ tag: 'refused', code });
export const ELSEWHERE: Outcome = { tag: 'elsewhere' };

/** Joining and leaving in turns must not grow a history without end. */
const MOST_JOINS = 256;

/** An answer given to a request, by which its repeat is known. */
export interface Answer {
  readonly fingerprint: string;
  readonly seq: number;
}

/** A game as its owner holds it. */
export interface Memory {
  readonly epoch: string;
  readonly seq: number;
  /** Undefined while the game does not exist. */
  readonly state: GameState | undefined;
  readonly joins: number;
  readonly answers: ReadonlyMap<string, Answer>;
}

/** What a batch of commands would do to a game: nothing of it counts before it is recorded. */
export interface Plan {
  readonly outcomes: readonly Outcome[];
  /** The commands whose players' sockets act: only as long as there is no newer one. */
  readonly actors: readonly { readonly command: number; readonly player: string; readonly generation: number }[];
  readonly events: readonly GameEvent[];
  /** `event`: how manieth of the events the answer names. */
  readonly answers: readonly { readonly key: string; readonly fingerprint: string; readonly event: number }[];
  readonly joins: number;
  /** The state at the end, with times that only the record makes exact. */
  readonly state: GameState | undefined;
  /** On which side of the end of the game's time all this is meant to be. */
  readonly moment: 'before' | 'after' | '';
}

/**
 * Decides commands one after the other at `now`, by Redis's clock. Those in `superseded` come from outdated sockets. When
 * the store `isFull` nobody new gets in.
 */
export function plan(
  memory: Memory,
  commands: readonly GameCommand[],
  now: number,
  superseded: ReadonlySet<number>,
  isFull = false,
): Plan {
  const planner = new Planner(memory, now, isFull);
  const outcomes = commands.map((command, index) => planner.run(command, index, superseded.has(index)));
  const { actors, events, answers, joins, state, moment } = planner;
  return { outcomes, actors, events, answers, joins, state, moment };
}

class Planner {
  readonly actors: { command: number; player: string; generation: number }[] = [];
  readonly events: GameEvent[] = [];
  readonly answers: { key: string; fingerprint: string; event: number }[] = [];
  joins: number;
  state: GameState | undefined;
  moment: Plan['moment'] = '';
  readonly #memory: Memory;
  readonly #now: number;
  readonly #isFull: boolean;
  readonly #new = new Map<string, Answer>();

  constructor(memory: Memory, now: number, isFull: boolean) {
    this.#isFull = isFull;
    this.#memory = memory;
    this.#now = now;
    this.state = memory.state;
    this.joins = memory.joins;
  }

  run(command: GameCommand, index: number, isSuperseded: boolean): Outcome {
    if (command.kind === 'finish') return this.#finish();
    const key = `${command.player.id}:${command.id}`;
    const fingerprint = fingerprintOf(command);
    const known = this.state && (this.#new.get(key) ?? this.#memory.answers.get(key));
    if (known && known.fingerprint !== fingerprint) return refused('id_reused');
    const act = (): Outcome | undefined => {
      if (isSuperseded) return refused('superseded');
      this.actors.push({ command: index, player: command.player.id, generation: command.generation });
      return undefined;
    };
    if (command.kind === 'enter') return this.#enter(command, key, fingerprint, known, act);
    if (!this.state) return refused('game_not_found');
    if (known) return this.#applied(known.seq, true);
    const { kind, player } = command;
    const outdated = isSuperseded ? refused('superseded') : undefined;
    if (outdated) return outdated;
    if (!this.#isSeated(player.id)) return refused('not_a_player');
    act();
    const by = { player: player.id };
    const given: Command = kind === 'leave' ? { kind, ...by } : { kind, ...by, cell: command.cell };
    return this.#decide(given, key, fingerprint);
  }

  #enter(
    command: Extract<GameCommand, { kind: 'enter' }>,
    key: string,
    fingerprint: string,
    known: Answer | undefined,
    act: () => Outcome | undefined,
  ): Outcome {
    const { mode, player, settings } = command;
    if (!this.state) {
      if (mode === 'join' || !settings) return refused('game_not_found');
      if (this.#isFull) return refused('cluster_full');
      return act() ?? this.#decide({ kind: 'create', player, settings: toSettings(settings) }, key, fingerprint);
    }
    const isSeated = this.#isSeated(player.id);
    if (known) {
      // The answer is old: the player may have left since.
      return isSeated ? (act() ?? this.#applied(known.seq, true)) : refused('not_a_player');
    }
    if (mode === 'create') return { tag: 'exists' };
    if (isSeated) return act() ?? this.#applied(this.#seq, false);
    const {
      status,
      players,
      settings: { players: seats },
    } = this.state;
    if (status === 'waiting' && players.length < seats && (this.joins += 1) > MOST_JOINS) return refused('game_full');
    const { refusal } = decide(this.state, { kind: 'join', player }, this.#now);
    if (refusal) return refused(refusal);
    if (this.#isFull) return refused('cluster_full');
    return act() ?? this.#decide({ kind: 'join', player }, key, fingerprint);
  }

  #finish(): Outcome {
    const { state } = this;
    if (!state) return refused('game_not_found');
    if (state.status === 'active' && this.#now < state.endsAt!) return { tag: 'left', ms: state.endsAt! - this.#now };
    const outcome = this.#decide({ kind: 'finish' }, undefined, '');
    return outcome.tag === 'refused' ? outcome : { tag: 'left', ms: 0 };
  }

  #decide(command: Command, key: string | undefined, fingerprint: string): Outcome {
    if (this.state?.status === 'active' && (command.kind === 'capture' || command.kind === 'finish')) {
      this.moment = this.#now < this.state.endsAt! ? 'before' : 'after';
    }
    const { events, refusal } = decide(this.state, command, this.#now);
    const first = this.events.length;
    this.events.push(...events);
    this.state = applyAll(this.state, events, this.#now);
    if (refusal) return refused(refusal);
    // The answer names the event that was asked for: not the start or end that came with it.
    const own = events.findIndex(({ kind }) => kind === 'joined' || kind === 'left' || kind === 'captured');
    if (own === -1) return this.#applied(this.#seq, false);
    const event = first + own + 1;
    const seq = this.#memory.seq + event;
    if (key !== undefined) {
      this.#new.set(key, { fingerprint, seq });
      this.answers.push({ key, fingerprint, event });
    }
    return this.#applied(seq, false);
  }

  get #seq(): number {
    return this.#memory.seq + this.events.length;
  }

  #isSeated(player: string): boolean {
    return this.state?.players.some(({ id }) => id === player) ?? false;
  }

  #applied(seq: number, duplicate: boolean): Outcome {
    return { tag: 'applied', epoch: this.#memory.epoch, seq, duplicate };
  }
}

/** The cells nobody holds. */
export const freeCells = (state: GameState): number => state.cells.filter((holder) => holder === FREE).length;

function fingerprintOf(command: Exclude<GameCommand, { kind: 'finish' }>): string {
  if (command.kind === 'leave') return 'leave';
  if (command.kind === 'capture') return `capture:${command.cell}`;
  return command.settings ? `${command.mode}:${shapeOf(command.settings)}` : command.mode;
}
