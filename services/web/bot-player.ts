import { randomOf } from '../apps/grid/bot/random.ts';
import { nextMove, type Trail } from '../apps/grid/bot/strategy.ts';
import { type BotStrength, capture, FREE, type Grid, introduce, rematchChannel } from '../apps/grid/grid.ts';
import type { GridlockClient, GridlockError, Room } from '../client/index.ts';

/** What a bot uses of the client. */
export type BotClient = Pick<
  GridlockClient<Grid>,
  'on' | 'connect' | 'close' | 'join' | 'leave' | 'subscribe' | 'player' | 'rooms'
>;

export interface BotOptions {
  /** A client that is not connected yet; it may be in a game from before a reload. */
  readonly client: BotClient;
  readonly strength: BotStrength;
  /** The same seed makes the same choices. */
  readonly seed: number;
  /** Called when the bot has stopped playing: there was no seat, or no connection. */
  readonly onEnd: (error?: GridlockError) => void;
}

/** A player that a program controls, with its own client and session, under the same limits as everybody. */
export class BotPlayer {
  readonly strength: BotStrength;
  readonly #options: BotOptions;
  readonly #random: () => number;
  readonly #offs: (() => void)[] = [];
  #room: Room<Grid> | undefined;
  #trail: Trail = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(options: BotOptions) {
    const { client, strength, seed } = (this.#options = options);
    this.strength = strength;
    this.#random = randomOf(seed);
    this.#offs.push(
      client.on('room', (room) => this.#enter(room)),
      client.on('message', ({ channel, data }) => {
        if ('game' in data && this.#room && channel === rematchChannel(this.#room.code)) void this.join(data.game);
      }),
      // The page was duplicated: the bot keeps playing in the original.
      client.on('copied', () => this.#end()),
    );
  }

  /** The player id of the bot; undefined before its first session. */
  get id(): string | undefined {
    return this.#options.client.player?.id;
  }

  /** Joins the named game; without a name, continues the game from before a reload. */
  async join(game?: string): Promise<void> {
    const { client } = this.#options;
    try {
      await client.connect();
      if (game !== undefined && !this.#isStopped) await client.join(game);
    } catch (error) {
      this.#end(error as GridlockError);
    }
  }

  /** Leaves its game and closes the connection. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#silence();
    const { client } = this.#options;
    // A seat in a waiting game becomes free; in a game that has begun the bot just stops playing.
    await Promise.allSettled(client.rooms.map(({ code }) => client.leave(code)));
    client.close();
  }

  #end(error?: GridlockError): void {
    if (this.#isStopped) return;
    void this.stop();
    this.#options.onEnd(error);
  }

  #silence(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const off of this.#offs) off();
  }

  #enter(room: Room<Grid>): void {
    const { client } = this.#options;
    const before = this.#room;
    if (this.#isStopped || before === room) return;
    this.#room = room;
    this.#trail = {};
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (before) quietly(client.leave(before.code));
    this.#offs.push(
      room.on('event', ({ event }) => {
        if (event.kind !== 'captured') return;
        const who = event.player === client.player?.id ? 'own' : 'rival';
        this.#trail = { ...this.#trail, [who]: event.cell };
      }),
      room.on('change', () => this.#think(room)),
    );
    quietly(room.send(introduce(this.strength)));
    quietly(client.subscribe(rematchChannel(room.code)));
    this.#think(room);
  }

  /** Chooses the next cell, and takes it after the time that a human would need. */
  #think(room: Room<Grid>): void {
    const { state } = room;
    if (this.#isStopped || this.#room !== room || this.#timer !== undefined || state.status !== 'active') return;
    const move = nextMove(this.strength, state, this.#trail, this.#random);
    if (!move) return;
    this.#timer = setTimeout(() => void this.#take(room, move.cell), move.delayMs);
  }

  async #take(room: Room<Grid>, cell: number): Promise<void> {
    // Another player may have been faster, or the game may have ended before the bot got there.
    if (room.state.cells[cell] === FREE) await room.send(capture(cell)).catch(() => undefined);
    if (this.#room !== room) return;
    this.#timer = undefined;
    this.#think(room);
  }
}

/** For requests whose failure costs nothing. */
function quietly(request: Promise<unknown>): void {
  request.catch(() => undefined);
}
