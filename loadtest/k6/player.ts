import { capture, type Grid, grid } from '../../services/apps/grid/grid.ts';
import {
  GridlockClient,
  GridlockError,
  type Room,
  type RoomEvent,
  type RoomSnapshot,
} from '../../services/client/index.ts';
import type { ServerMessage } from '../../services/protocol/index.ts';
import { AcknowledgedCaptures } from './acknowledged-captures.ts';
import type { Measurements } from './metrics.ts';
import type { Plan } from './plan.ts';
import { CUT_CODE, K6Platform } from './platform.ts';
import { SequenceCheck } from './sequence-check.ts';

/** Refusals that are part of the game: another player was faster, or it just ended. */
const OF_THE_GAME = ['cell_taken', 'game_over', 'game_not_active'];

/** One socket with the SDK behind it, watched from both sides. */
export class Player {
  readonly client: GridlockClient<Grid>;
  readonly #platform: K6Platform;
  readonly #plan: Plan;
  readonly #measurements: Measurements;
  readonly #sequence = new SequenceCheck();
  readonly #captures = new AcknowledgedCaptures();
  #openingAt = 0;
  #welcomed = false;
  /** The server has said that it will close. */
  #announced = false;
  #cutAt: number | undefined;
  /** The game whose history must be whole before the client counts as resumed. */
  #restoring: string | undefined;
  #unanswered = 0;
  #lost = 0;
  #trouble = 'nothing went wrong';
  #seats: string | undefined;

  constructor(plan: Plan, measurements: Measurements) {
    this.#plan = plan;
    this.#measurements = measurements;
    this.#platform = new K6Platform(plan.url, {
      opening: () => {
        this.#openingAt = Date.now();
        this.#welcomed = false;
        this.#announced = false;
      },
      message: (message) => this.#onMessage(message),
      closed: (code) => this.#onClosed(code),
      deaf: () => measurements.complain('A socket was open and k6 passed on nothing, so it is opened again.'),
    });
    this.client = new GridlockClient(this.#platform, { room: grid, connectTimeoutMs: 30_000 });
    this.client.on('state', ({ state }) => this.#onState(state));
    this.client.on('room', (room) => this.#follow(room));
    this.client.on('error', (error) => {
      this.#trouble = error.message;
      if (error.code !== 'session_unavailable' && error.code !== 'session_refused') return;
      measurements.count('failed_connects');
      measurements.complain(error);
    });
  }

  get open(): boolean {
    return this.client.state === 'open';
  }

  get replica(): string {
    return this.client.health.replica ?? 'none';
  }

  /** Answers that are still to come. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Describes the connection of a player who is not connected. */
  get whereabouts(): string {
    const since =
      this.#cutAt === undefined ? 'never connected' : `away for ${Math.round((Date.now() - this.#cutAt) / 1000)} s`;
    const opening =
      this.#openingAt === 0
        ? 'no socket tried'
        : `last socket ${Math.round((Date.now() - this.#openingAt) / 1000)} s ago`;
    return `A player was not there at the end: ${this.client.state}, ${since}, ${opening}, last trouble: ${this.#trouble}`;
  }

  cut(): void {
    if (!this.open || !this.#platform.cut()) return;
    this.#measurements.count('cuts');
    this.#measurements.closed(CUT_CODE);
  }

  /**
   * Captures a cell. `dueAt` is the time when it was due to be sent, so that waiting for a busy generator counts too.
   */
  capture(game: string, cell: number, dueAt: number): void {
    const { client } = this;
    this.#seats = game;
    this.#unanswered++;
    const madeAt = Date.now();
    this.#measurements.time('delay', madeAt - dueAt);
    client.send(game, capture(cell)).then(
      ({ epoch, seq }) => {
        this.#unanswered--;
        this.#measurements.time('move', Date.now() - dueAt);
        this.#measurements.time('answer', Date.now() - madeAt);
        this.#measurements.count('acked_moves');
        if (epoch !== undefined && seq !== undefined) this.#captures.acknowledged({ game, epoch, seq, cell });
        this.#settle();
      },
      (error: unknown) => {
        this.#unanswered--;
        const refused = error instanceof GridlockError && OF_THE_GAME.includes(error.code);
        this.#measurements.count(refused ? 'refused_moves' : 'failed_moves');
        if (!refused) this.#measurements.complain(error);
      },
    );
  }

  /** Sends a line to a channel. */
  say(channel: string, text: string): void {
    this.#unanswered++;
    this.client.publish(channel, { text }).then(
      () => {
        this.#unanswered--;
        this.#measurements.count('said_lines');
      },
      (error: unknown) => {
        this.#unanswered--;
        this.#measurements.count('failed_requests');
        this.#measurements.complain(error);
      },
    );
  }

  /** The game has ended, or is no longer needed. */
  async leave(game: string): Promise<void> {
    await this.client.leave(game).catch(() => undefined);
    this.#sequence.forget(game);
  }

  /** Ends it and settles its promises. Unanswered requests still fail, in the next turn. */
  close(): void {
    this.#captures.close();
    this.#settle();
    if (this.open) this.#measurements.closed(1000);
    this.client.close();
  }

  #settle(): void {
    this.#measurements.count('lost_acked_moves', this.#captures.lost - this.#lost);
    this.#lost = this.#captures.lost;
  }

  #onMessage(message: ServerMessage): void {
    if (message.type === 'welcome') {
      this.#welcomed = true;
      this.#measurements.time('handshake', Date.now() - this.#openingAt);
    }
    if (message.type === 'going_away') this.#announced = true;
    const { gaps, duplicates, chatGaps } = this.#sequence.faults;
    const { caughtUp } = this.#sequence;
    this.#sequence.receive(message);
    const { faults } = this.#sequence;
    this.#measurements.count('gaps', faults.gaps - gaps);
    this.#measurements.count('duplicates', faults.duplicates - duplicates);
    this.#measurements.count('chat_gaps', faults.chatGaps - chatGaps);
    this.#measurements.count('chat_lines', this.#sequence.caughtUp - caughtUp);
    if (message.type === 'message') {
      this.#measurements.count('chat_lines');
      this.#lag(message.at);
    }
  }

  #onClosed(code: number): void {
    this.#measurements.closed(code);
    if (!this.#welcomed) this.#measurements.count('failed_connects');
    else this.#measurements.count(this.#announced ? 'announced_closes' : 'unexpected_closes');
  }

  #onState(state: string): void {
    if (state === 'reconnecting' && this.#cutAt === undefined) {
      this.#cutAt = Date.now();
      this.#restoring = this.client.rooms.find(({ isOver }) => !isOver)?.code;
    }
    // A player without a game has nothing to catch up with.
    if (state === 'open' && this.#cutAt !== undefined && this.#restoring === undefined) this.#resumed(true);
  }

  #follow(room: Room<Grid>): void {
    const { code } = room;
    room.on('event', (told) => this.#onEvent(code, told));
    room.on('snapshot', (told) => this.#onSnapshot(code, told));
    room.on('recovered', () => this.#onRestored(code, true));
  }

  #onRestored(game: string, whole: boolean): void {
    if (this.#cutAt !== undefined && this.#restoring === game) this.#resumed(whole);
  }

  #resumed(whole: boolean): void {
    this.#measurements.time('resume', Date.now() - this.#cutAt!);
    this.#measurements.recovered(whole);
    this.#cutAt = undefined;
    this.#restoring = undefined;
  }

  #onEvent(game: string, { epoch, seq, event, at, state, replayed }: RoomEvent<Grid>): void {
    const captured = event.kind === 'captured' ? { player: event.player, cell: event.cell } : undefined;
    if (this.#seats === game) this.#captures.saw(this.#id, { game, epoch, seq, captured, state }, true);
    this.#settle();
    this.#measurements.count('deliveries');
    if (!replayed) this.#lag(at);
  }

  #onSnapshot(game: string, { epoch, seq, state, recovered }: RoomSnapshot<Grid>): void {
    this.#captures.saw(this.#id, { game, epoch, seq, captured: undefined, state }, false);
    this.#settle();
    this.#onRestored(game, recovered);
  }

  get #id(): string {
    return this.client.player?.id ?? '';
  }

  #lag(at: number): void {
    const now = this.#plan.sharedClock ? Date.now() : this.client.serverNow();
    const lag = now - at;
    this.#measurements.time('lag', lag);
    if (lag > this.#plan.lateMs) this.#measurements.count('late_events');
  }
}
