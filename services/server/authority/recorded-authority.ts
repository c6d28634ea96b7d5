import type { AnyCommand, AnyRoomType } from '../../protocol/index.ts';
import type { GameQuota } from '../game/game-quota.ts';
import { FULL_MS, type Matchmaking } from '../game/matchmaking.ts';
import type { LogEntry, Position } from '../history/history.ts';
import { retentionOf } from './append-request.ts';
import {
  type Actor,
  type Applied,
  type Entered,
  type GameAuthority,
  type HistoryPage,
  Refusal,
  type Resumed,
  type SocketActor,
  type View,
} from './game-authority.ts';
import type { Mode } from './room-command.ts';
import { headKey, type RoomLog, roomKeys } from './room-log.ts';

/** Attempts to find a free code, or an open game, before giving up. */
const ATTEMPTS = 8;

const OF_ADDRESS = 'Players from your address have as many games as allowed; wait.';
/** A backend has no address, so only the room in the cluster limits its games. */
const addressOf = (actor: Actor): string | undefined => ('backend' in actor ? undefined : (actor.address ?? ''));

/**
 * The part that both designs share: any replica finds games and reads their events from Redis in the same way. The
 * designs differ in the replica that decides.
 */
export abstract class RecordedAuthority implements GameAuthority {
  protected readonly records: RoomLog;
  readonly #matchmaking: Matchmaking;
  readonly #gameQuota: GameQuota | undefined;

  constructor(records: RoomLog, matchmaking: Matchmaking, gameQuota?: GameQuota) {
    this.records = records;
    this.#matchmaking = matchmaking;
    this.#gameQuota = gameQuota;
  }

  abstract act(actor: Actor, id: string, game: string, command: AnyCommand): Promise<Applied>;
  abstract finish(game: string): Promise<number>;
  abstract observe(game: string, epoch: string, entry: LogEntry): void;
  abstract arrived(game: string, at: number): Promise<void>;
  abstract close(operator: string, id: string, game: string): Promise<Applied>;
  abstract leave(actor: Actor, id: string, game: string): Promise<Applied>;
  abstract handOver(): Promise<void>;
  abstract stop(): void;

  /** Undefined when a game of this code exists already and the mode is `create`. */
  protected abstract enter(
    mode: Mode,
    actor: Actor,
    id: string,
    game: string,
    settings?: unknown,
  ): Promise<Entered | undefined>;

  get type(): AnyRoomType {
    return this.records.type;
  }

  async create(actor: Actor, id: string, settings: unknown): Promise<Entered> {
    const full = await this.#gameQuota?.full(addressOf(actor));
    const made = full && (await this.#repeated(actor, id, settings));
    if (made) return made;
    if (full === 'address') throw new Refusal('rate_limited', OF_ADDRESS, FULL_MS);
    if (full === 'cluster') throw new Refusal('cluster_full', undefined, FULL_MS);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const game = this.#matchmaking.code(actor, id, attempt);
      const entered = await this.enter('create', actor, id, game, settings);
      if (entered) return this.#counted(entered, actor);
    }
    throw new Refusal('unavailable', 'No free game code was found; try again.', 1000);
  }

  /** The room that this request has made before; undefined when it has made none. */
  async #repeated(actor: Actor, id: string, settings: unknown): Promise<Entered | undefined> {
    const game = this.#matchmaking.code(actor, id, 0);
    return (await this.position(game)) && this.enter('create', actor, id, game, settings);
  }

  async join(actor: Actor, id: string, game: string): Promise<Entered> {
    return this.#counted((await this.enter('join', actor, id, game))!, actor);
  }

  async match(actor: Actor, id: string, settings: unknown): Promise<Entered> {
    const isFull = (await this.#gameQuota?.full(addressOf(actor))) !== undefined;
    let closed = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const game = await this.#matchmaking.find(actor, id, settings, attempt, closed, isFull);
      try {
        const entered = (await this.enter('match', actor, id, game, settings))!;
        if (!this.type.isOpen(entered.view.state)) await this.#matchmaking.close(settings, game);
        return this.#counted(entered, actor);
      } catch (error) {
        const isClosed = error instanceof Refusal && (error.code === 'game_full' || error.code === 'game_over');
        if (!isClosed) throw error;
        closed = game;
      }
    }
    throw new Refusal('unavailable', 'The open games fill faster than you could enter one; try again.', 250);
  }

  /** The request that took the first seat counts the game. The game may already be full when it is counted. */
  #counted(entered: Entered, actor: Actor): Entered {
    const { player } = actor;
    const { game, state, now } = entered.view;
    const isFirst = this.type.members(state)[0]?.id === player.id && !this.type.isOver(state);
    if (isFirst && !entered.duplicate)
      this.#gameQuota?.opened(game, addressOf(actor), now + 1000 * retentionOf(this.type, state, now));
    return entered;
  }

  resume(actor: SocketActor, game: string, known: Position): Promise<Resumed> {
    return this.records.resume(actor, game, known);
  }

  watch(player: string, game: string, known: Position): Promise<Resumed> {
    return this.records.watch(player, game, known);
  }

  view(game: string): Promise<View> {
    return this.records.view(game);
  }

  isPlayer(game: string, player: string): Promise<boolean> {
    return this.records.isMember(game, player);
  }

  entriesAfter(game: string, after: Position): Promise<LogEntry[] | undefined> {
    return this.records.entriesAfter(game, after);
  }

  page(game: string, after: Partial<Position>, most: number): Promise<HistoryPage> {
    return this.records.page(game, after, most);
  }

  position(game: string): Promise<Position | undefined> {
    return this.records.position(game);
  }

  renew(game: string, epoch: string): Promise<void> {
    return this.records.renew(game, epoch);
  }

  channel(game: string): string {
    return roomKeys(game).events;
  }

  head(game: string): string {
    return headKey(game);
  }
}
