import type { LogEntry } from '../history/history.ts';
import { turn } from '../transport/turn.ts';
import { ELSEWHERE, type Outcome, refused } from './outcome.ts';
import { type Fault, type Findings, plan } from './plan.ts';
import type { RoomCommand } from './room-command.ts';
import { type Appended, type Hold, NO_HOLD, type RoomLog } from './room-log.ts';
import { emptyMemory, followed, type Memory } from './room-memory.ts';

/** Commands decided in one go at most. */
const BATCH = 64;
/** An application that stalls twice within this time, in milliseconds, is not asked about the room for as long. */
const STALL_MS = 10_000;
/** Events that are announced are folded when the room is needed, or once there are so many. */
const MOST_AHEAD = 64;
/** Plans in a row that the store may turn down before this copy is given up. */
const ATTEMPTS = 16;

export interface RoomCopyOptions {
  readonly room: string;
  /** `NO_HOLD` where every replica may write: then this copy catches up when another one did. */
  readonly hold: Hold;
  /** For how long each hold lasts, in milliseconds; 0 without one. */
  readonly leaseMs: number;
  readonly memory: Memory | undefined;
  readonly log: RoomLog;
  /** Milliseconds by the store's clock. */
  readonly now: () => number;
  readonly onBatch?: (commands: number) => void;
  /** Another replica had written since this copy was read. */
  readonly onConflict?: () => void;
  /** Whether this replica hears what is announced in the room. */
  readonly isListening?: (room: string) => boolean;
  /** Events were appended. They may be announced to nobody when only this replica listens. */
  readonly onAppended?: (room: string, epoch: string, entries: readonly LogEntry[]) => void;
  /** The keys of the room expire at another time from now on, in milliseconds by the store's clock. */
  readonly onKept?: (room: string, until: number) => void;
  readonly onFault?: (room: string, fault: Fault) => void;
  /** Whether an append took effect is unknown: there may be events that were not announced. */
  readonly onUncertain?: (room: string) => void;
  /** This copy is not to be used any longer. */
  readonly onLost: (copy: RoomCopy) => void;
}

interface Waiting {
  readonly command: RoomCommand;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

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
  /** Nobody else listened to the room when this copy last announced something. */
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

  /** Gives `elsewhere` when this copy turned out to be outdated; rejects when the store did not answer. */
  submit(command: RoomCommand): Promise<Outcome> {
    this.usedAt = performance.now();
    if (this.#lost) return Promise.resolve(ELSEWHERE);
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, resolve, reject });
      this.#running ??= this.#atEndOfTurn();
    });
  }

  /** Takes events that were announced: the next ones are followed, older ones are known. */
  observe(epoch: string, entries: readonly LogEntry[]): void {
    if (this.#lost || this.#memory.state === undefined) return;
    // It is read again when somebody needs it.
    if (!this.#take(epoch, entries)) this.#lose();
  }

  /** Resolves when nothing is under way; from then on every command is for somebody else. */
  async retire(): Promise<void> {
    await this.#running;
    this.#lose();
  }

  /** Decides once all that came in this turn was read: other commands, and what other replicas appended. */
  #atEndOfTurn(): Promise<void> {
    return new Promise((resolve) => turn.atEnd('decisions', () => resolve(this.#run())));
  }

  async #run(): Promise<void> {
    const batch = this.#queue.splice(0, BATCH);
    try {
      const outcomes = this.#lost ? undefined : await this.#record(batch.map(({ command }) => command));
      if (outcomes) this.#options.onBatch?.(batch.length);
      else this.#lose();
      batch.forEach(({ resolve }, index) => resolve(outcomes?.[index] ?? ELSEWHERE));
    } catch (error) {
      // Whether it was appended is unknown, and so is what is in the room now.
      this.#lose();
      this.#options.onUncertain?.(this.room);
      for (const { reject } of batch) reject(error);
    }
    if (this.#queue.length > 0) return this.#atEndOfTurn();
    this.#running = undefined;
    // There is no such room: there is nothing to keep a copy of.
    if (this.#memory.state === undefined) this.#lose();
  }

  /** The outcomes, once appended; undefined when this copy is outdated. */
  async #record(
    commands: readonly RoomCommand[],
    findings: Findings = { superseded: new Set(), known: new Map(), isFull: false },
  ): Promise<readonly Outcome[] | undefined> {
    const { room, hold, log, now } = this.#options;
    if (performance.now() < this.#suspendedUntil) return commands.map(() => refused('app_failed'));
    /** As the store says it, once it did: its clock may have been set back since the newest event. */
    let storeTime: number | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (!this.#fold()) return undefined;
      const memory = this.#memory;
      const planned = plan({
        ...{ type: log.type, stateBytes: log.bounds.stateBytes, memory, commands, findings },
        at: storeTime ?? Math.max(now(), memory.at),
        onFault: (fault) => this.#onFault(fault),
      });
      // Even if there is nothing to write: a refusal, too, is worth only what the memory is that it comes from.
      const sentAt = performance.now();
      const isAlone = this.#isAlone && (this.#options.isListening?.(room) ?? false);
      const appended = await log.append(room, { hold, leaseMs: this.#leaseAt(sentAt), isAlone }, memory, planned);
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
          // The store lost an end of the room, and answers with it.
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

  /** Notes what an append at `sentAt` says of the lease and the listeners. One without events changes neither. */
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

  /** Takes the events that another replica appended, or reads the room where these do not tell. */
  async #catchUp({ epoch, seq }: Memory, entries: readonly LogEntry[]): Promise<void> {
    const isAhead = this.#take(epoch, entries) && this.#fold() && this.#memory.seq > seq;
    if (isAhead) return;
    const memory = (await this.#options.log.read(this.room)) ?? emptyMemory();
    this.#ahead = [];
    this.#memory = memory;
  }

  /** Notes events that another replica appended. False when one before them is missing, or the epoch is another one. */
  #take(epoch: string, entries: readonly LogEntry[]): boolean {
    if (epoch !== this.#memory.epoch) return false;
    for (const entry of entries) {
      const next = this.#memory.seq + this.#ahead.length + 1;
      if (entry.seq > next) return false;
      if (entry.seq === next) this.#ahead.push(entry);
    }
    return this.#ahead.length < MOST_AHEAD || this.#fold();
  }

  /** Brings the memory up to what is known. False when an event cannot follow. */
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
