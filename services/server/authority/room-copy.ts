import type { LogEntry } from '../history/history.ts';
import { type Trace, TracedBatch } from '../traces/traces.ts';
import { turn } from '../transport/turn.ts';
import { ELSEWHERE, type Outcome, refused } from './outcome.ts';
import { type Fault, type Findings, plan } from './plan.ts';
import type { RoomCommand } from './room-command.ts';
import { type Appended, type Hold, NO_HOLD, type RoomLog } from './room-log.ts';
import { emptyMemory, followed, type Memory } from './room-memory.ts';

/** The most commands decided together. */
const BATCH = 64;
/** After an application stalls twice within this time, in milliseconds, it gets no command for the room for as long. */
const STALL_MS = 10_000;
/** Announced events are folded when the room is needed, or once there are this many. */
const MOST_AHEAD = 64;
/** The plans in a row that the store may refuse before this copy is given up. */
const ATTEMPTS = 16;

export interface RoomCopyOptions {
  readonly room: string;
  /** `NO_HOLD` if every replica may write. Then this copy catches up when another replica has written. */
  readonly hold: Hold;
  /** How long each hold lasts, in milliseconds; 0 without a hold. */
  readonly leaseMs: number;
  readonly memory: Memory | undefined;
  readonly log: RoomLog;
  /** Milliseconds by the store's clock. */
  readonly now: () => number;
  readonly onBatch?: (commands: number) => void;
  /** Called when another replica has written since this copy was read. */
  readonly onConflict?: () => void;
  /** Whether this replica receives the announcements of the room. */
  readonly isListening?: (room: string) => boolean;
  /** Events were appended. They may be announced to nobody when only this replica listens. */
  readonly onAppended?: (room: string, epoch: string, entries: readonly LogEntry[]) => void;
  /** Called with the new time at which the keys of the room expire, in milliseconds by the store's clock. */
  readonly onKept?: (room: string, until: number) => void;
  readonly onFault?: (room: string, fault: Fault) => void;
  /** Whether an append took effect is unknown: there may be events that were not announced. */
  readonly onUncertain?: (room: string) => void;
  /** Called when this copy must not be used any more. */
  readonly onLost: (copy: RoomCopy) => void;
}

interface Waiting {
  readonly command: RoomCommand;
  readonly trace: Trace | undefined;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

const isTraced = ({ trace }: Waiting): boolean => trace !== undefined;
const tracesOf = (batch: readonly Waiting[]): Trace[] => batch.flatMap(({ trace }) => trace ?? []);

/**
 * A room in the memory of a replica that decides on it. Commands that come while an append is under way are decided and
 * appended together; nothing counts, and nothing is answered, before it is appended.
 */
export class RoomCopy {
  readonly room: string;
  readonly hold: Hold;
  usedAt = performance.now();
  readonly #options: RoomCopyOptions;
  #memory: Memory;
  /** The events after `#memory`, not folded yet. */
  #ahead: LogEntry[] = [];
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #lost = false;
  #stalledAt = -Infinity;
  #suspendedUntil = -Infinity;
  /** Whether nobody else listened to the room when this copy last announced something. */
  #isAlone = false;
  #renewedAt = -Infinity;

  constructor(options: RoomCopyOptions) {
    const { room, hold, memory } = options;
    this.room = room;
    this.hold = hold;
    this.#options = options;
    this.#memory = memory ?? emptyMemory();
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** The room as far as this copy knows it. */
  get memory(): Memory {
    this.#fold();
    return this.#memory;
  }

  /** Resolves with `elsewhere` if this copy is outdated; rejects if the store did not answer. */
  submit(command: RoomCommand, trace?: Trace): Promise<Outcome> {
    this.usedAt = performance.now();
    if (this.#lost) return Promise.resolve(ELSEWHERE);
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, trace, resolve, reject });
      this.#running ??= this.#atEndOfTurn();
    });
  }

  /** Takes announced events. The next ones are applied; older ones are known already. */
  observe(epoch: string, entries: readonly LogEntry[]): void {
    if (this.#lost || this.#memory.state === undefined) return;
    // The room is read again when somebody needs it.
    if (!this.#take(epoch, entries)) this.#lose();
  }

  /** Resolves when nothing is in flight. From then on, others decide every command. */
  async retire(): Promise<void> {
    await this.#running;
    this.#lose();
  }

  /** Decides once everything of this turn has been read: other commands, and events from other replicas. */
  #atEndOfTurn(): Promise<void> {
    return new Promise((resolve) => turn.atEnd('decisions', () => resolve(this.#run())));
  }

  async #run(): Promise<void> {
    const batch = this.#queue.splice(0, BATCH);
    const traced = batch.some(isTraced) ? new TracedBatch(tracesOf(batch)) : undefined;
    try {
      const commands = batch.map(({ command }) => command);
      const outcomes = this.#lost ? undefined : await this.#record(commands, traced);
      if (outcomes) this.#options.onBatch?.(batch.length);
      else this.#lose();
      batch.forEach(({ resolve }, index) => resolve(outcomes?.[index] ?? ELSEWHERE));
    } catch (error) {
      // Whether the plan was appended is unknown, and so is the state of the room.
      this.#lose();
      traced?.fail('Redis did not answer');
      this.#options.onUncertain?.(this.room);
      for (const { reject } of batch) reject(error);
    }
    if (this.#queue.length > 0) return this.#atEndOfTurn();
    this.#running = undefined;
    // There is no such room, so there is nothing to copy.
    if (this.#memory.state === undefined) this.#lose();
  }

  /** The outcomes, once appended; undefined when this copy is outdated. */
  async #record(
    commands: readonly RoomCommand[],
    traced: TracedBatch | undefined,
    findings: Findings = { superseded: new Set(), known: new Map(), isFull: false },
  ): Promise<readonly Outcome[] | undefined> {
    const { room, hold, log, now } = this.#options;
    if (performance.now() < this.#suspendedUntil) return commands.map(() => refused('app_failed'));
    /** The store's time, once it has sent one: its clock may have been set back since the newest event. */
    let storeTime: number | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (!this.#fold()) return undefined;
      const memory = this.#memory;
      traced?.begin('decide');
      const planned = plan({
        ...{ type: log.type, stateBytes: log.bounds.stateBytes, memory, commands, findings },
        at: storeTime ?? Math.max(now(), memory.at),
        onFault: (fault) => this.#onFault(fault),
      });
      traced?.end({ 'gridlock.commands': commands.length, 'gridlock.attempt': attempt + 1 });
      traced?.begin('append');
      // Even without anything to write: a refusal is only as good as the memory that it is based on.
      const sentAt = performance.now();
      const isAlone = this.#isAlone && (this.#options.isListening?.(room) ?? false);
      const appended = await log.append(room, { hold, leaseMs: this.#leaseAt(sentAt), isAlone }, memory, planned);
      traced?.end({ 'gridlock.outcome': appended.tag });
      switch (appended.tag) {
        case 'ok':
          this.#renew(appended, sentAt);
          this.#follow(appended);
          return planned.outcomes;
        case 'known':
          for (const [request, answer] of appended.answers) findings.known.set(planned.requests[request]!, answer);
          break;
        case 'superseded':
          findings.superseded.add(planned.actors[appended.actor]!.command);
          break;
        case 'full':
          findings.isFull = true;
          break;
        case 'time':
          storeTime = appended.at;
          break;
        case 'moved':
          if (hold !== NO_HOLD || this.#lost) return undefined;
          this.#options.onConflict?.();
          await this.#catchUp(memory, appended.entries);
          // The store says that it lost the end of the room.
          if (this.#memory.epoch !== memory.epoch) findings.known.clear();
          break;
        case 'fenced':
          return undefined;
      }
    }
    return undefined;
  }

  /** The lease to ask for, in milliseconds; undefined while more than half of the last one is left. */
  #leaseAt(time: number): number | undefined {
    const { hold, leaseMs } = this.#options;
    return hold === NO_HOLD || time - this.#renewedAt < leaseMs / 2 ? undefined : leaseMs;
  }

  /** Records the lease and the listeners from an append at `sentAt`. An append without events changes neither. */
  #renew({ entries, listeners }: Extract<Appended, { tag: 'ok' }>, sentAt: number): void {
    if (entries.length === 0) return;
    if (this.#leaseAt(sentAt) !== undefined) this.#renewedAt = sentAt;
    this.#isAlone = listeners === 1;
  }

  #onFault(fault: Fault): void {
    this.#options.onFault?.(this.room, fault);
    if (!fault.isStall) return;
    const now = performance.now();
    if (now - this.#stalledAt < STALL_MS) this.#suspendedUntil = now + STALL_MS;
    this.#stalledAt = now;
  }

  #follow({ memory, entries }: Extract<Appended, { tag: 'ok' }>): void {
    // An announced event may have been folded before the answer came.
    if (memory.epoch === this.#memory.epoch && memory.seq < this.#memory.seq) return;
    const { expiresAt } = this.#memory;
    this.#memory = memory;
    this.#ahead = this.#ahead.filter(({ seq }) => seq > memory.seq);
    if (memory.expiresAt !== expiresAt) this.#options.onKept?.(this.room, memory.expiresAt);
    if (entries.length > 0) this.#options.onAppended?.(this.room, memory.epoch, entries);
  }

  /** Takes the events that another replica appended, or reads the room if they are missing. */
  async #catchUp({ epoch, seq }: Memory, entries: readonly LogEntry[]): Promise<void> {
    const isAhead = this.#take(epoch, entries) && this.#fold() && this.#memory.seq > seq;
    if (isAhead) return;
    const memory = (await this.#options.log.read(this.room)) ?? emptyMemory();
    this.#ahead = [];
    this.#memory = memory;
  }

  /** Records events that another replica appended. False if an event before them is missing, or the epoch differs. */
  #take(epoch: string, entries: readonly LogEntry[]): boolean {
    if (epoch !== this.#memory.epoch) return false;
    for (const entry of entries) {
      const next = this.#memory.seq + this.#ahead.length + 1;
      if (entry.seq > next) return false;
      if (entry.seq === next) this.#ahead.push(entry);
    }
    return this.#ahead.length < MOST_AHEAD || this.#fold();
  }

  /** Brings the memory up to date. False if an event cannot follow. */
  #fold(): boolean {
    if (this.#ahead.length === 0) return true;
    const entries = this.#ahead;
    this.#ahead = [];
    try {
      for (const entry of entries) this.#memory = followed(this.#options.log.type, this.#memory, entry);
      return true;
    } catch {
      return false;
    }
  }

  #lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#options.onLost(this);
  }
}
