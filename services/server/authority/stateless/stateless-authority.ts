import type { AnyCommand } from '../../../protocol/index.ts';
import type { GameQuota } from '../../game/game-quota.ts';
import type { Matchmaking } from '../../game/matchmaking.ts';
import type { LogEntry } from '../../history/history.ts';
import type { Trace } from '../../traces/traces.ts';
import { type Actor, type Applied, askerOf, type Entered, Refusal } from '../game-authority.ts';
import type { Outcome } from '../outcome.ts';
import { granted, toApplied } from '../outcome.ts';
import type { Fault } from '../plan.ts';
import { RecordedAuthority } from '../recorded-authority.ts';
import type { Mode, RoomCommand } from '../room-command.ts';
import { RoomCopy } from '../room-copy.ts';
import { NO_HOLD, type RoomLog } from '../room-log.ts';

const SWEEP_MS = 15_000;
/** A room without requests for this long is forgotten here. */
const IDLE_MS = 120_000;
/** How many outdated copies of a room in a row make a command fail. */
const ATTEMPTS = 4;

/** Reports of the design, for the metrics. */
export interface StatelessReport {
  batch(commands: number): void;
  /** A decision was made again, because another replica had written first. */
  conflict(): void;
  fault(room: string, fault: Fault): void;
}

export interface StatelessOptions {
  readonly records: RoomLog;
  readonly matchmaking: Matchmaking;
  readonly gameQuota?: GameQuota;
  /** Milliseconds by the store's clock. */
  readonly now: () => number;
  readonly isListening?: (room: string) => boolean;
  readonly onAppended?: (room: string, epoch: string, entries: readonly LogEntry[]) => void;
  readonly onUncertain?: (room: string) => void;
  readonly report?: StatelessReport;
}

/**
 * The design in which any replica serves any room: it decides on its copy, and appends the decision at the position of
 * that copy. If another replica was first, it takes the events of that replica and decides again.
 */
export class StatelessAuthority extends RecordedAuthority {
  readonly #options: StatelessOptions;
  readonly #copies = new Map<string, RoomCopy>();
  readonly #reading = new Map<string, Promise<RoomCopy>>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: StatelessOptions) {
    super(options.records, options.matchmaking, options.gameQuota);
    this.#options = options;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  async leave(actor: Actor, id: string, game: string): Promise<Applied> {
    return toApplied(game, await this.#do(game, { kind: 'leave', ...askerOf(actor), id }));
  }

  async act(actor: Actor, id: string, game: string, command: AnyCommand, trace?: Trace): Promise<Applied> {
    return toApplied(game, await this.#do(game, { kind: 'act', ...askerOf(actor), id, command }, trace));
  }

  async close(operator: string, id: string, game: string): Promise<Applied> {
    return toApplied(game, await this.#do(game, { kind: 'close', operator, id }));
  }

  async finish(game: string): Promise<number> {
    const outcome = await this.#do(game, { kind: 'deadline' });
    return outcome.tag === 'left' ? outcome.ms : 0;
  }

  observe(game: string, epoch: string, entry: LogEntry): void {
    this.#copies.get(game)?.observe(epoch, [entry]);
  }

  async arrived(): Promise<void> {
    // A room belongs to no replica.
  }

  async handOver(): Promise<void> {
    // Every replica may decide everything.
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#copies.clear();
  }

  protected async enter(
    mode: Mode,
    actor: Actor,
    id: string,
    game: string,
    settings?: unknown,
  ): Promise<Entered | undefined> {
    const given = settings === undefined ? {} : { settings };
    const command: RoomCommand = { kind: 'enter', mode, ...askerOf(actor), id, ...given };
    // Most generated codes are new. The write shows whether this one is.
    if (mode === 'create' && !this.#copies.has(game)) this.#open(game, undefined);
    const outcome = await this.#do(game, command);
    if (outcome.tag === 'exists') return undefined;
    const applied = toApplied(game, outcome);
    const memory = this.#copies.get(game)?.memory;
    if (memory?.state === undefined || memory.epoch !== applied.epoch || memory.seq < applied.seq)
      return { ...applied, view: await this.view(game) };
    const { epoch, seq, state } = memory;
    this.records.saw(game, memory);
    return { ...applied, view: { game, epoch, seq, now: this.#options.now(), state } };
  }

  async #do(game: string, command: RoomCommand, trace?: Trace): Promise<Outcome> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const copy = this.#copies.get(game) ?? (await this.#read(game));
      const outcome = await copy.submit(command, trace);
      if (outcome.tag === 'elsewhere') continue;
      if (outcome.tag === 'applied') this.records.saw(game, outcome);
      return granted(this.type, outcome);
    }
    throw new Refusal('unavailable', undefined, 250);
  }

  /** Reads a room once for all callers that ask at the same time. */
  #read(game: string): Promise<RoomCopy> {
    let reading = this.#reading.get(game);
    if (!reading) {
      reading = this.records
        .read(game)
        .then((memory) => this.#copies.get(game) ?? this.#open(game, memory))
        .finally(() => this.#reading.delete(game));
      this.#reading.set(game, reading);
    }
    return reading;
  }

  #open(game: string, memory: Awaited<ReturnType<RoomLog['read']>>): RoomCopy {
    const { now, gameQuota, isListening, onAppended, onUncertain, report } = this.#options;
    const copy = new RoomCopy({
      room: game,
      hold: NO_HOLD,
      leaseMs: 0,
      memory,
      log: this.records,
      now,
      ...(isListening ? { isListening } : {}),
      ...(onAppended ? { onAppended } : {}),
      ...(onUncertain ? { onUncertain } : {}),
      onKept: (room, until) => gameQuota?.kept(room, until),
      onBatch: (commands) => report?.batch(commands),
      onConflict: () => report?.conflict(),
      onFault: (room, fault) => report?.fault(room, fault),
      onLost: (lost) => {
        if (this.#copies.get(game) === lost) this.#copies.delete(game);
      },
    });
    this.#copies.set(game, copy);
    return copy;
  }

  #sweep(): void {
    const before = performance.now() - IDLE_MS;
    for (const [game, copy] of this.#copies) {
      if (copy.usedAt < before && copy.isIdle) this.#copies.delete(game);
    }
  }
}
