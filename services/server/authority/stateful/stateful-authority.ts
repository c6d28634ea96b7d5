import { setTimeout as delay } from 'node:timers/promises';
import type { AnyCommand } from '../../../protocol/index.ts';
import type { GameQuota } from '../../game/game-quota.ts';
import type { Matchmaking } from '../../game/matchmaking.ts';
import type { LogEntry } from '../../history/history.ts';
import type { Bus } from '../../redis/bus.ts';
import { type Store, storeFailure } from '../../redis/connect.ts';
import type { Trace, Traces } from '../../traces/traces.ts';
import { type Actor, type Applied, askerOf, type Entered, Refusal } from '../game-authority.ts';
import { ELSEWHERE, granted, type Outcome, toApplied } from '../outcome.ts';
import type { Fault } from '../plan.ts';
import { RecordedAuthority } from '../recorded-authority.ts';
import type { Mode, RoomCommand } from '../room-command.ts';
import { RoomCopy } from '../room-copy.ts';
import { type Hold, ownerOf, type RoomLog, roomKeys } from '../room-log.ts';
import { Forwarder, type YieldCommand } from './forwarder.ts';

/** How long nobody else may take a game that its owner just wrote to. */
export const LEASE_MS = 1000;
/** The time for all attempts of one command; the client is answered within two seconds. */
const COMMAND_MS = 1900;
/** How long the owner has to answer before it counts as silent. */
const ANSWER_MS = 400;
const RETRY_MS = 40;
/** A silent owner is asked again after this many looks at its lease, because it may be back. */
const LOOKS = 8;
const SWEEP_MS = 15_000;
/** A game without requests for this long is forgotten here; its record stays. */
const IDLE_MS = 120_000;

/** Reports of the design, for the metrics. */
export interface StatefulReport {
  /** A command for a game was decided: here, or by another replica that it was passed to. */
  decided(kind: RoomCommand['kind'], by: 'owner' | 'forwarded'): void;
  /** A game was taken: nobody held it, or its holder is dead, or silent. */
  taken(from: 'nobody' | 'dead' | 'silent'): void;
  batch(commands: number): void;
  fault(room: string, fault: Fault): void;
}

export interface StatefulOptions {
  readonly records: RoomLog;
  readonly matchmaking: Matchmaking;
  readonly gameQuota?: GameQuota;
  readonly redis: Store;
  readonly bus: Bus;
  /** A name that no other process has or ever had. */
  readonly owner: string;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  /** When the edge last sent a player of the game here, by Redis's clock. */
  readonly routedAt?: (game: string) => number | undefined;
  /** The game was handed to the replica to which the edge sends its players now. */
  readonly onYielded?: (game: string) => void;
  readonly isListening?: (room: string) => boolean;
  readonly onAppended?: (room: string, epoch: string, entries: readonly LogEntry[]) => void;
  readonly onUncertain?: (room: string) => void;
  readonly report?: StatefulReport;
  readonly traces?: Traces | undefined;
  readonly leaseMs?: number;
}

/**
 * The design in which one replica holds a game in memory and decides by the rules: the replica that takes the game's
 * hold in Redis. It records before it answers, and the record refuses every replica but the newest holder. A replica
 * that is asked for a game it does not hold passes the command on.
 */
export class StatefulAuthority extends RecordedAuthority {
  readonly #options: StatefulOptions;
  readonly #leaseMs: number;
  readonly #forwarder: Forwarder;
  readonly #held = new Map<string, RoomCopy>();
  readonly #taking = new Map<string, Promise<Hold | undefined>>();
  /** The holders of games that this replica asked for and could not take. */
  readonly #holders = new Map<string, Hold>();
  readonly #timer: NodeJS.Timeout;
  #handingOver = false;

  constructor(options: StatefulOptions) {
    const { records, matchmaking, gameQuota, redis, bus, owner, leaseMs = LEASE_MS } = options;
    super(records, matchmaking, gameQuota);
    this.#options = options;
    this.#leaseMs = leaseMs;
    this.#forwarder = new Forwarder({
      redis,
      bus,
      owner,
      onCommand: (game, command, traceparent) => this.#onCommand(game, command, traceparent),
    });
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  get held(): number {
    return this.#held.size;
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

  observe(): void {
    // Nothing happens in a held room that its holder does not decide.
  }

  /**
   * The edge sends the players of this game here, so the holder is asked to release it before a move has to be passed
   * on.
   */
  async arrived(game: string, at: number): Promise<void> {
    if (this.#handingOver || this.#held.has(game)) return;
    try {
      const hold = await this.#options.redis.hget(roomKeys(game).head, 'hold');
      // Nobody holds the game: it is taken with the first command.
      if (!hold || ownerOf(hold) === '-' || ownerOf(hold) === this.#options.owner) return;
      const answer = await this.#forwarder.ask(ownerOf(hold), game, { kind: 'yield', at }, ANSWER_MS);
      if (typeof answer !== 'object' || answer.tag !== 'yielded') return;
      this.#holders.delete(game);
      await this.#take(game, undefined, undefined);
    } catch {
      // The game stays where it is, and moves are passed on.
    }
  }

  /**
   * Releases all games at once. Further requests to this replica are still decided, and their games are then released
   * again.
   */
  async handOver(): Promise<void> {
    this.#handingOver = true;
    await this.releaseAll();
  }

  /** Releases every game. Each then goes to the first replica that asks. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map((held) => this.#release(held)));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#forwarder.stop();
  }

  protected async enter(
    mode: Mode,
    actor: Actor,
    id: string,
    game: string,
    settings?: unknown,
  ): Promise<Entered | undefined> {
    const outcome = await this.#do(game, {
      kind: 'enter',
      mode,
      ...askerOf(actor),
      id,
      ...(settings === undefined ? {} : { settings }),
    });
    if (outcome.tag === 'exists') return undefined;
    return { ...toApplied(game, outcome), view: await this.view(game) };
  }

  /** Has a command decided by the holder of the game, taking it if nobody holds it. */
  async #do(game: string, command: RoomCommand, trace?: Trace): Promise<Outcome> {
    const { report } = this.#options;
    const deadline = performance.now() + COMMAND_MS;
    let [dead, silent]: [Hold?, Hold?] = [];
    let looks = 0;
    while (performance.now() < deadline) {
      const held = this.#held.get(game);
      if (held) {
        const outcome = await held.submit(command, trace);
        if (this.#handingOver && held.isIdle) await this.#release(held);
        if (outcome.tag === 'elsewhere') continue;
        report?.decided(command.kind, 'owner');
        return this.#answered(game, outcome);
      }
      const holder: Hold | undefined = dead === undefined && silent === undefined ? this.#holders.get(game) : undefined;
      const other: Hold | undefined = holder ?? (await this.#take(game, dead, silent));
      if (other === undefined) continue;
      if (other === silent && (looks += 1) % LOOKS !== 0) {
        // Its lease still runs.
        await delay(RETRY_MS);
        continue;
      }
      const left = deadline - performance.now();
      const answer = await this.#ask(other, game, command, Math.min(left, Math.max(ANSWER_MS, left / 4)), trace);
      if (typeof answer === 'object' && answer.tag !== 'elsewhere') {
        this.#holders.set(game, other);
        report?.decided(command.kind, 'forwarded');
        return this.#answered(game, answer);
      }
      this.#holders.delete(game);
      [dead, silent] = answer === 'silent' ? [undefined, other] : [other, undefined];
    }
    throw new Refusal('unavailable', undefined, 250);
  }

  #answered(game: string, outcome: Outcome): Outcome {
    this.#see(game, outcome);
    return granted(this.type, outcome);
  }

  #see(game: string, outcome: Outcome): void {
    if (outcome.tag === 'applied') this.records.saw(game, outcome);
  }

  async #ask(holder: Hold, game: string, command: RoomCommand, timeoutMs: number, trace?: Trace) {
    const step = trace?.step('forward');
    try {
      return await this.#forwarder.ask(ownerOf(holder), game, command, timeoutMs, step?.traceparent);
    } catch (error) {
      throw storeFailure(error);
    } finally {
      step?.end();
    }
  }

  /**
   * Handles a request that another replica passed on. Only the holder answers; this replica takes no game for another
   * one.
   */
  async #onCommand(game: string, command: RoomCommand | YieldCommand, traceparent?: string): Promise<Outcome> {
    const trace = traceparent === undefined ? undefined : this.#options.traces?.passedOn(traceparent);
    await this.#taking.get(game)?.catch(() => undefined);
    try {
      if (command.kind === 'yield') return await this.#yield(game, command.at);
      const outcome = (await this.#held.get(game)?.submit(command, trace)) ?? ELSEWHERE;
      this.#see(game, outcome);
      return outcome;
    } catch (error) {
      if (error instanceof Refusal) return { tag: 'refused', code: error.code };
      throw error;
    } finally {
      trace?.end();
    }
  }

  /** Releases a game for a replica to which the edge has sent a player more recently than to this one. */
  async #yield(game: string, at: number): Promise<Outcome> {
    const held = this.#held.get(game);
    if (!held || at <= (this.#options.routedAt?.(game) ?? -Infinity)) return ELSEWHERE;
    await this.#release(held);
    this.#options.onYielded?.(game);
    return { tag: 'yielded' };
  }

  /** Undefined if the game is now held here; otherwise its holder. */
  #take(game: string, dead: Hold | undefined, silent: Hold | undefined): Promise<Hold | undefined> {
    let taking = this.#taking.get(game);
    if (!taking) {
      taking = this.#takeNow(game, dead, silent).finally(() => this.#taking.delete(game));
      this.#taking.set(game, taking);
    }
    return taking;
  }

  async #takeNow(game: string, dead: Hold | undefined, silent: Hold | undefined): Promise<Hold | undefined> {
    const { now, report } = this.#options;
    const taken = await this.records.take(game, this.#options.owner, this.#leaseMs, {
      ...(dead === undefined ? {} : { dead }),
      ...(silent === undefined ? {} : { silent }),
    });
    if (taken.tag === 'held') return taken.hold;
    this.#holders.delete(game);
    const { gameQuota, isListening, onAppended, onUncertain } = this.#options;
    const held = new RoomCopy({
      room: game,
      now,
      hold: taken.hold,
      leaseMs: this.#leaseMs,
      memory: taken.memory,
      log: this.records,
      ...(isListening ? { isListening } : {}),
      ...(onAppended ? { onAppended } : {}),
      ...(onUncertain ? { onUncertain } : {}),
      onKept: (room, until) => gameQuota?.kept(room, until),
      onFault: (room, fault) => report?.fault(room, fault),
      onBatch: (commands) => report?.batch(commands),
      onLost: (lost) => {
        if (this.#held.get(game) === lost) this.#held.delete(game);
      },
    });
    this.#held.set(game, held);
    report?.taken(dead !== undefined ? 'dead' : silent !== undefined ? 'silent' : 'nobody');
    return undefined;
  }

  async #release(held: RoomCopy): Promise<void> {
    await held.retire();
    // Others can take a game that cannot be released now once its lease has run out.
    await this.records.release(held.room, held.hold).catch(() => undefined);
  }

  #sweep(): void {
    const before = performance.now() - IDLE_MS;
    for (const held of this.#held.values()) {
      if (held.usedAt < before && held.isIdle) void this.#release(held);
    }
    // The next requests find the holders again.
    this.#holders.clear();
  }
}
