import * as v from 'valibot';
import {
  type AnyRoomType,
  type AppCommand,
  type Context,
  type Decision,
  type KernelCommand,
  type PlayerRef,
  Timestamp,
} from '../../protocol/index.ts';
import { requesterOf } from './game-authority.ts';
import { type Outcome, refused } from './outcome.ts';
import { type ByPlayer, fingerprintOf, type RoomCommand } from './room-command.ts';
import type { Memory } from './room-memory.ts';

/** The part of `maxmemory` that may be in use when a room or a member is added. */
const MOST_FOR_NEW = 0.75;
const MOST_FOR_JOINS = 0.85;

/** The answer to a request, by which its repeat is recognised. */
export interface Answer {
  readonly fingerprint: string;
  readonly seq: number;
}

/** An event to append, and its effect on the kernel's view of the room. */
export interface PlannedEvent {
  /** The event as JSON. */
  readonly text: string;
  /** The new deadline, null for none; absent if it stays the same. */
  readonly deadline?: number | null;
  /** The room is over from now on. */
  readonly over?: true;
}

/** The store's answer to an earlier plan for the same commands. */
export interface Findings {
  /** Commands of sockets that a newer one replaced. */
  readonly superseded: Set<number>;
  /** Answers given before, by key. */
  readonly known: Map<string, Answer>;
  /** The store has no room for what is new. */
  isFull: boolean;
}

/** The effect of a batch of commands on a room. Nothing of it counts before it is appended. */
export interface Plan {
  readonly outcomes: readonly Outcome[];
  /** Requests whose repeat is recognised by their key. */
  readonly requests: readonly string[];
  /** The commands that act through a player's socket, which count only while the player has no newer socket. */
  readonly actors: readonly { readonly command: number; readonly player: string; readonly generation: number }[];
  readonly events: readonly PlannedEvent[];
  readonly answers: readonly { readonly key: string; readonly answer: Answer }[];
  /** The part of `maxmemory` that may be in use. */
  readonly share: number | undefined;
  readonly state: unknown;
  /** The time of the events. */
  readonly at: number;
}

/** The longest time to compute for one command, in milliseconds. A longer one makes all other rooms wait. */
const MOST_MS = 25;

/** A fault of an application. The command is refused with `app_failed` and has no effect. */
export interface Fault {
  readonly command: string;
  readonly reason: string;
  /** Whether the application took too long. */
  readonly isStall: boolean;
}

export interface PlanOptions {
  readonly type: AnyRoomType;
  readonly memory: Memory;
  readonly commands: readonly RoomCommand[];
  /** The time of the events, in milliseconds by the store's clock. */
  readonly at: number;
  readonly findings: Findings;
  /** The largest state of the room, in characters of JSON. */
  readonly stateBytes: number;
  readonly onFault: (fault: Fault) => void;
}

/**
 * The name in faults for an end that an operator asks for. It is compared by identity, because an application may use
 * the same name.
 */
const CLOSE: AppCommand = Object.freeze({ kind: 'close' });

/** Decides commands one after the other. */
export function plan(options: PlanOptions): Plan {
  const planner = new Planner(options);
  const outcomes = options.commands.map((command, index) => planner.run(command, index));
  const { requests, actors, events, answers, share, state, at } = planner;
  return { outcomes, requests, actors, events, answers, share, state, at };
}

class Planner {
  readonly requests: string[] = [];
  readonly actors: { command: number; player: string; generation: number }[] = [];
  readonly events: PlannedEvent[] = [];
  readonly answers: { key: string; answer: Answer }[] = [];
  readonly at: number;
  share: number | undefined;
  state: unknown;
  readonly #options: PlanOptions;
  readonly #new = new Map<string, Answer>();
  /**
   * The processor time of this thread when the planner began. Other load on the machine does not count against the
   * application.
   */
  readonly #computed = process.threadCpuUsage();

  constructor(options: PlanOptions) {
    const { memory, at } = options;
    this.#options = options;
    this.state = memory.state;
    this.at = at;
  }

  run(command: RoomCommand, index: number): Outcome {
    if (command.kind === 'deadline') return this.#deadline();
    if (command.kind === 'close') return this.#close(command);
    const key = `${requesterOf(command)}:${command.id}`;
    const fingerprint = fingerprintOf(command);
    const known = this.#known(key);
    if (known && known.fingerprint !== fingerprint) return refused('id_reused');
    if (command.kind === 'enter') return this.#enter(command, index, key, fingerprint, known);
    if (this.state === undefined) return refused('game_not_found');
    if (known) return this.#applied(known.seq, true);
    if (this.#options.findings.superseded.has(index)) return refused('superseded');
    const member = this.#member(command.player.id);
    if (!member) return refused('not_a_player');
    this.#act(command, index);
    const asked: AppCommand | KernelCommand<unknown> = command.kind === 'act' ? command.command : { kind: 'leave' };
    // A backend names the player by the id alone.
    return this.#decide(asked, 'backend' in command ? member : command.player, { key, fingerprint });
  }

  #enter(
    command: Extract<RoomCommand, { kind: 'enter' }>,
    index: number,
    key: string,
    fingerprint: string,
    known: Answer | undefined,
  ): Outcome {
    const { mode, player, settings } = command;
    const { findings, type } = this.#options;
    if (this.state === undefined) {
      if (mode === 'join') return refused('game_not_found');
      if (findings.isFull) return refused('cluster_full');
      if (findings.superseded.has(index)) return refused('superseded');
      this.#act(command, index);
      this.#needs(MOST_FOR_NEW);
      return this.#decide({ kind: 'create', settings }, player, { key, fingerprint });
    }
    // A backend is not a member itself, so it gets its answer even if the player has left since.
    if (known && 'backend' in command) return this.#applied(known.seq, true);
    const isMember = this.#member(player.id) !== undefined;
    // The answer is old: the player may have left since.
    if (known && !isMember) return refused('not_a_player');
    if (!known && mode === 'create') return { tag: 'exists' };
    if (isMember) {
      if (findings.superseded.has(index)) return refused('superseded');
      this.#act(command, index);
      return this.#applied(known?.seq ?? this.#seq, known !== undefined);
    }
    if (findings.superseded.has(index)) return refused('superseded');
    const { refusal } = this.#ask({ kind: 'join' }, player);
    if (refusal !== undefined) return refused(refusal);
    if (type.isOver(this.state)) return refused('game_over');
    if (findings.isFull) return refused('cluster_full');
    this.#act(command, index);
    this.#needs(MOST_FOR_JOINS);
    return this.#decide({ kind: 'join' }, player, { key, fingerprint });
  }

  #deadline(): Outcome {
    const { type } = this.#options;
    if (this.state === undefined) return refused('game_not_found');
    if (type.isOver(this.state)) return { tag: 'left', ms: 0 };
    const deadline = type.deadline(this.state);
    if (deadline === undefined) return refused('game_not_active');
    if (this.at < deadline) return { tag: 'left', ms: deadline - this.at };
    const outcome = this.#decide({ kind: 'deadline' }, undefined);
    if (outcome.tag === 'refused') return outcome;
    const next = type.isOver(this.state) ? undefined : type.deadline(this.state);
    return { tag: 'left', ms: Math.max(0, (next ?? 0) - this.at) };
  }

  /** The operator need not be a member. The room must be over afterwards, or the application is at fault. */
  #close({ operator, id }: Extract<RoomCommand, { kind: 'close' }>): Outcome {
    const { type } = this.#options;
    if (this.state === undefined) return refused('game_not_found');
    // Names of backends have no `@`.
    const key = `@@${operator}:${id}`;
    const known = this.#known(key);
    if (known) return this.#applied(known.seq, true);
    if (type.isOver(this.state)) return refused('game_over');
    const decision = this.#timed(CLOSE, () => ({ events: type.close?.(this.state) ?? [] }));
    return this.#take(CLOSE, decision, { key, fingerprint: CLOSE.kind });
  }

  #decide(
    command: AppCommand | KernelCommand<unknown>,
    player: PlayerRef | undefined,
    request?: { readonly key: string; readonly fingerprint: string },
  ): Outcome {
    return this.#take(command, this.#ask(command, player), request);
  }

  /** Adds a decision to the plan. */
  #take(
    command: AppCommand | KernelCommand<unknown>,
    { events, refusal }: Decision<unknown>,
    request?: { readonly key: string; readonly fingerprint: string },
  ): Outcome {
    const first = this.events.length + 1;
    const problem = this.#apply(command, events);
    if (problem !== undefined) return refused(problem);
    if (refusal !== undefined) return refused(refusal);
    if (events.length === 0) return this.#applied(this.#seq, false);
    // A new room begins with its own events; otherwise the first event is the requested one.
    const seq = this.#options.memory.seq + (command.kind === 'create' ? this.events.length : first);
    if (request) {
      const { key, fingerprint } = request;
      const answer = { fingerprint, seq };
      this.#new.set(key, answer);
      this.answers.push({ key, answer });
    }
    return this.#applied(seq, false);
  }

  /** The application's decision. An error in it becomes a refusal. */
  #ask(command: AppCommand | KernelCommand<unknown>, player: PlayerRef | undefined): Decision<unknown> {
    const context: Context = { now: this.at, player };
    return this.#timed(command, () => this.#options.type.decide(this.state, command, context));
  }

  #timed(command: AppCommand, decide: () => Decision<unknown>): Decision<unknown> {
    const from = performance.now();
    try {
      const decision = decide();
      if (this.#isInTime(command, 'decide', from)) return decision;
    } catch (error) {
      this.#fault(command, `decide failed: ${(error as Error).message}`);
    }
    return { events: [], refusal: 'app_failed' };
  }

  /** Adds all events or none. Returns the code of a refusal if they are not valid. */
  #apply(command: AppCommand, events: readonly unknown[]): 'app_failed' | 'room_too_large' | undefined {
    const { type } = this.#options;
    let { state } = this;
    const planned: PlannedEvent[] = [];
    const from = performance.now();
    try {
      for (const event of events) {
        const { success, issues } = v.safeParse(type.event, event);
        if (!success) throw new Error(`an event does not match its schema: ${issues[0].message}`);
        const before = state;
        state = type.evolve(before, event, this.at);
        planned.push({ text: JSON.stringify(event), ...changes(type, before, state) });
      }
      if (command === CLOSE && !type.isOver(state)) throw new Error('the room goes on after it was closed');
    } catch (error) {
      this.#fault(command, `evolve failed: ${(error as Error).message}`);
      return 'app_failed';
    }
    if (!this.#isInTime(command, 'evolve', from)) return 'app_failed';
    // Leaving makes room, and a room that is too large still ends.
    const isBound = command.kind !== 'leave' && command.kind !== 'deadline' && command !== CLOSE;
    if (isBound && !this.#fits(state, planned)) return 'room_too_large';
    this.events.push(...planned);
    this.state = state;
    return undefined;
  }

  /**
   * Whether the state is small enough. It is measured only if the snapshot and the events after it might be too large.
   */
  #fits(state: unknown, planned: readonly PlannedEvent[]): boolean {
    const { memory, stateBytes } = this.#options;
    let most = memory.since.snapshot + memory.since.bytes;
    for (const { text } of this.events) most += text.length;
    for (const { text } of planned) most += text.length;
    return most <= stateBytes || JSON.stringify(state).length <= stateBytes;
  }

  #isInTime(command: AppCommand, what: string, from: number): boolean {
    if (performance.now() - from <= MOST_MS) return true;
    const { user, system } = process.threadCpuUsage(this.#computed);
    const ms = (user + system) / 1000;
    if (ms <= MOST_MS) return true;
    this.#fault(command, `${what} took ${Math.round(ms)} ms, and at most ${MOST_MS} ms are allowed`, true);
    return false;
  }

  #fault({ kind }: AppCommand, reason: string, isStall = false): void {
    this.#options.onFault({ command: kind, reason, isStall });
  }

  #known(key: string): Answer | undefined {
    if (this.state === undefined) return undefined;
    const known = this.#new.get(key) ?? this.#options.findings.known.get(key);
    if (!known && this.#options.memory.state !== undefined) this.requests.push(key);
    return known;
  }

  #act(actor: ByPlayer, command: number): void {
    if ('backend' in actor) return;
    this.actors.push({ command, player: actor.player.id, generation: actor.generation });
  }

  #needs(share: number): void {
    this.share = Math.min(share, this.share ?? 1);
  }

  get #seq(): number {
    return this.#options.memory.seq + this.events.length;
  }

  #member(player: string): PlayerRef | undefined {
    return this.#options.type.members(this.state).find(({ id }) => id === player);
  }

  #applied(seq: number, duplicate: boolean): Outcome {
    return { tag: 'applied', epoch: this.#options.memory.epoch, seq, duplicate };
  }
}

/** The changes to the kernel's own view of a room. Throws when the application returns an invalid deadline. */
function changes(type: AnyRoomType, before: unknown, after: unknown): Omit<PlannedEvent, 'text'> {
  const deadlineOf = (state: unknown) => (state === undefined ? undefined : type.deadline(state));
  const [old, deadline] = [deadlineOf(before), deadlineOf(after)];
  // JSON cannot represent it, and no replica could read the room any more.
  if (deadline !== undefined && !v.is(Timestamp, deadline))
    throw new Error(`the deadline ${deadline} is not a whole number of milliseconds`);
  const isOver = type.isOver(after) && (before === undefined || !type.isOver(before));
  return { ...(old === deadline ? {} : { deadline: deadline ?? null }), ...(isOver ? { over: true } : {}) };
}
