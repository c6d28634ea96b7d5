import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import type { AppCommand, Context, KernelCommand, PlayerRef, RoomType } from '../../protocol/index.ts';

/** A source of numbers from 0 to 1, the same for the same seed. */
export type Random = () => number;

export interface RandomPlay<Settings, Command> {
  readonly settings: (random: Random) => Settings;
  /** A command of the application, valid or not. */
  readonly command: (random: Random) => Command;
  /** Rooms that are played, and the commands in each. */
  readonly rooms?: number;
  readonly commands?: number;
  readonly seed?: number;
}

/** How often something happened in the rooms that were played: commands by kind, and refusals by code. */
export type Tally = ReadonlyMap<string, number>;

const PLAYERS: readonly PlayerRef[] = ['ada', 'bob', 'cyd', 'dan', 'eve'].map((id) => ({ id, name: id.toUpperCase() }));
/** Milliseconds that may pass before a command. */
const MOST_WAIT_MS = 2000;

/** A room type did something that it must not do. */
export class RoomTypeError extends Error {
  override readonly name = 'RoomTypeError';
}

/**
 * Plays random histories against a room type, without a server, and checks the properties that the kernel relies on.
 * Deciding twice gives the same result, and no function changes its arguments. Events and states match their schemas.
 * The state is a JSON value that only `evolve` makes, and a replay of the history gives the state of the live play.
 * @throws RoomTypeError with the seed and the history that show the mistake
 */
export function playRandomly<Settings, State, Command extends AppCommand, Event extends AppCommand>(
  type: RoomType<Settings, State, Command, Event>,
  { rooms = 100, commands = 100, seed = 1, ...play }: RandomPlay<Settings, Command>,
): Tally {
  const tally = new Map<string, number>();
  for (let room = 0; room < rooms; room += 1) {
    const random = randomOf(seed + room);
    const table = new Table(type, seed + room, tally);
    table.run({ kind: 'create', settings: play.settings(random) }, PLAYERS[0]);
    for (let count = 0; count < commands && !table.isOver; count += 1) {
      table.wait(Math.floor(random() * MOST_WAIT_MS));
      const player = PLAYERS[Math.floor(random() * PLAYERS.length)]!;
      const dice = random();
      if (dice < 0.15) table.run({ kind: 'join' }, player);
      else if (dice < 0.2) table.run({ kind: 'leave' }, player);
      else table.run(play.command(random), player);
    }
    table.close();
    table.finish();
  }
  return tally;
}

/** One room, played as the kernel runs it: only members act, and `deadline` comes once the deadline has passed. */
class Table<Settings, State, Command extends AppCommand, Event extends AppCommand> {
  readonly #type: RoomType<Settings, State, Command, Event>;
  readonly #seed: number;
  readonly #tally: Map<string, number>;
  readonly #history: { event: Event; at: number }[] = [];
  #state: State | undefined;
  #now = 1_700_000_000_000;

  constructor(type: RoomType<Settings, State, Command, Event>, seed: number, tally: Map<string, number>) {
    this.#type = type;
    this.#seed = seed;
    this.#tally = tally;
  }

  get isOver(): boolean {
    return this.#state !== undefined && this.#type.isOver(this.#state);
  }

  wait(ms: number): void {
    this.#now += ms;
    const deadline = this.#state === undefined ? undefined : this.#type.deadline(this.#state);
    if (deadline !== undefined && deadline <= this.#now) this.run({ kind: 'deadline' }, undefined);
  }

  run(command: Command | KernelCommand<Settings>, player: PlayerRef | undefined): void {
    const isMember = player !== undefined && this.#members.some(({ id }) => id === player.id);
    if (this.#state !== undefined && player && isMember === (command.kind === 'join')) return;
    if (!this.#isAllowed(command)) return this.#count('not in the schema');
    const context: Context = { now: this.#now, player };
    const decided = this.#quietly(`decide(${JSON.stringify(command)})`, () => {
      freeze(this.#state);
      return this.#type.decide(this.#state, freeze(command), freeze(context));
    });
    const again = this.#type.decide(structuredClone(this.#state), structuredClone(command), structuredClone(context));
    if (!isDeepStrictEqual(decided, again)) this.#fail(`decide(${JSON.stringify(command)}) gave two different results`);
    this.#count(decided.refusal ?? command.kind);
    for (const event of decided.events) this.#apply(event);
  }

  /** An operator ends the room, if the room type allows that. */
  close(): void {
    if (this.#state === undefined || this.isOver || !this.#type.close) return;
    const close = (state: State) => this.#quietly('close()', () => this.#type.close!(state));
    const events = close(freeze(this.#state));
    if (!isDeepStrictEqual(close(structuredClone(this.#state)), events))
      this.#fail('close() gave two different results');
    for (const event of events) this.#apply(event);
    if (!this.isOver) this.#fail('the room goes on after close()');
    this.#count('close');
  }

  /** The history, replayed from its beginning, has to give the same state. */
  finish(): void {
    const replayed = this.#history.reduce<State | undefined>(
      (state, { event, at }) => this.#type.evolve(state, JSON.parse(JSON.stringify(event)) as Event, at),
      undefined,
    );
    if (!isDeepStrictEqual(replayed, this.#state)) this.#fail('the replay gives a different state from the live play');
  }

  get #members(): readonly PlayerRef[] {
    return this.#state === undefined ? [] : this.#type.members(this.#state);
  }

  #isAllowed(command: Command | KernelCommand<Settings>): boolean {
    if (command.kind === 'create') return v.is(this.#type.settings, (command as { settings: unknown }).settings);
    return ['join', 'leave', 'deadline'].includes(command.kind) || v.is(this.#type.command, command);
  }

  #apply(event: Event): void {
    const parsed = v.safeParse(this.#type.event, event);
    if (!parsed.success)
      this.#fail(`the event ${JSON.stringify(event)} is not in the schema: ${parsed.issues[0].message}`);
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(event)), event)) {
      this.#fail(`the event of kind "${event.kind}" is not a JSON value`);
    }
    const state = this.#quietly(`evolve(${JSON.stringify(event)})`, () =>
      this.#type.evolve(freeze(this.#state), freeze(event), this.#now),
    );
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(state)), state)) {
      this.#fail(`the state after ${JSON.stringify(event)} is not a JSON value: what JSON leaves out is lost`);
    }
    const shaped = v.safeParse(this.#type.state, state);
    if (!shaped.success)
      this.#fail(`the state after ${JSON.stringify(event)} is not in its schema: ${shaped.issues[0].message}`);
    const ids = this.#type.members(state).map(({ id }) => id);
    if (new Set(ids).size !== ids.length) this.#fail(`somebody is a member twice after ${JSON.stringify(event)}`);
    if (this.isOver && !this.#type.isOver(state)) this.#fail('a room that was over goes on');
    this.#state = state;
    this.#history.push({ event, at: this.#now });
  }

  #quietly<T>(what: string, task: () => T): T {
    try {
      return task();
    } catch (error) {
      const { message } = error as Error;
      const isChange = error instanceof TypeError && /read only|not extensible|delete property/.test(message);
      return this.#fail(isChange ? `${what} changes its arguments: ${message}` : `${what} failed: ${message}`);
    }
  }

  #count(what: string): void {
    this.#tally.set(what, (this.#tally.get(what) ?? 0) + 1);
  }

  #fail(reason: string): never {
    const history = this.#history.map(({ event }) => `  ${JSON.stringify(event)}`).join('\n');
    throw new RoomTypeError(
      `The room type "${this.#type.name}": ${reason} (seed ${this.#seed}), after this history:\n${history}`,
    );
  }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}

/** mulberry32: small, and good enough to choose commands. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
