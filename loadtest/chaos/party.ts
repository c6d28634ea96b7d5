import type { ClientOptions } from '../../services/client/node.ts';
import type { AppUnderTest } from '../kit/apps/app-under-test.ts';
import { inTime, pause } from '../kit/pause.ts';
import type { Random } from '../kit/random.ts';
import { onDifferentReplicas, RecordingPlayer, type Target } from '../kit/recording-player.ts';

/** The pause between two moves of a player: eight moves a second, fewer than the server allows. */
const PACE_MS = [60, 180] as const;
const RETRY_MS = 100;
const PATIENCE_MS = 25_000;

export interface PartyOptions {
  readonly app: AppUnderTest;
  readonly count: number;
  readonly random: Random;
  readonly client?: Partial<ClientOptions>;
}

/** Connects a player of an application. */
export async function connectPlayer(
  target: Target,
  { type }: AppUnderTest,
  name: string,
  options?: Partial<ClientOptions>,
): Promise<RecordingPlayer> {
  const player = new RecordingPlayer(target, type, name, options);
  await player.client.connect();
  return player;
}

/** Players on different replicas. They play one game after another with each other until they are stopped. */
export class Party {
  readonly players: readonly RecordingPlayer[];
  /** When each player's moves were acknowledged, by `performance.now()`. */
  readonly acknowledgedAt: readonly number[][];
  readonly games: string[] = [];
  /** Failures that the histories do not show. */
  readonly problems: string[] = [];
  /** Games that the server says it does not know, though it made them. */
  readonly vanished = new Set<string>();
  readonly #app: AppUnderTest;
  readonly #random: Random;
  readonly #stop = new AbortController();
  #playing: Promise<void> | undefined;

  private constructor(players: readonly RecordingPlayer[], app: AppUnderTest, random: Random) {
    this.players = players;
    this.#app = app;
    this.acknowledgedAt = players.map(() => []);
    this.#random = random;
    for (const { client } of players) {
      client.on('error', ({ code, game }) => {
        if (code === 'game_not_found' && game !== undefined) this.vanished.add(game);
        if (code === 'protocol_error' || code === 'internal') this.problems.push(`A client was told: ${code}.`);
      });
      client.on('state', ({ state, reason, message }) => {
        if (state === 'closed' && reason !== 'client') this.problems.push(`A client was closed: ${reason}, ${message}`);
      });
    }
  }

  static async seat(target: Target, { app, count, random, client }: PartyOptions): Promise<Party> {
    const connect = (name: string, options: Partial<ClientOptions>) => connectPlayer(target, app, name, options);
    return new Party(await onDifferentReplicas(connect, count, client), app, random);
  }

  start(): void {
    this.#playing = this.#play();
    // `finish` reports the error.
    this.#playing.catch(() => undefined);
  }

  /**
   * Resolves with true when every player has had `count` moves acknowledged after `since`; with false when that takes
   * too long.
   */
  async moved(since: number, count: number): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS;
    const done = () => this.acknowledgedAt.every((times) => times.filter((time) => time > since).length >= count);
    while (!done()) {
      if (performance.now() > deadline || this.#stop.signal.aborted) return false;
      await pause(20);
    }
    return true;
  }

  /** Waits until the last moves are answered and all players see the same end. Leaves the sockets open. */
  async finish(): Promise<void> {
    this.#stop.abort();
    await this.#playing;
    const deadline = performance.now() + PATIENCE_MS;
    while (!this.#isAtOneEnd()) {
      if (performance.now() > deadline) {
        this.problems.push(`The players of ${this.games.at(-1)} do not come to the same end of its history.`);
        return;
      }
      await pause(20);
    }
  }

  close(): void {
    this.#stop.abort();
    for (const { client } of this.players) client.close();
  }

  #isAtOneEnd(): boolean {
    const game = this.games.at(-1);
    if (game === undefined || this.vanished.has(game)) return true;
    const views = this.players.map(({ client }) => client.room(game));
    const [first] = views;
    if (!first || views.some((view) => view?.epoch !== first.epoch || view.seq !== first.seq)) return false;
    const promised = this.players
      .flatMap((player) => player.history().acknowledged)
      .filter((one) => one.game === game && one.epoch === first.epoch);
    return promised.every(({ seq }) => seq <= first.seq);
  }

  async #play(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const game = await this.#open();
      if (game !== undefined) await Promise.all(this.players.map((_, index) => this.#playOn(index, game)));
    }
  }

  /** A game that all players have joined; undefined when they could not. */
  async #open(): Promise<string | undefined> {
    const [host, ...guests] = this.players as [RecordingPlayer, ...RecordingPlayer[]];
    const count = this.players.length;
    try {
      const { code: game } = await host.client.create(this.#app.settings(count));
      await Promise.all(guests.map(({ client }) => client.join(game)));
      const ready = this.players.map((player) => player.until(game, ({ state }) => this.#app.isReady(state, count)));
      if (!(await inTime(Promise.all(ready), PATIENCE_MS))) throw new Error('It did not begin.');
      for (const old of this.games.slice(-1))
        for (const { client } of this.players) await client.leave(old).catch(() => {});
      this.games.push(game);
      return game;
    } catch {
      // While the fault lasts, no game has to begin.
      await pause(RETRY_MS, this.#stop.signal);
      return undefined;
    }
  }

  async #playOn(index: number, game: string): Promise<void> {
    const player = this.players[index]!;
    const { signal } = this.#stop;
    for (;;) {
      await pause(this.#random.between(...PACE_MS), signal);
      const view = player.client.room(game);
      if (signal.aborted || this.vanished.has(game) || !view || this.#app.type.isOver(view.state)) return;
      const command = this.#app.next(view.state, this.#random);
      if (command === undefined) continue;
      const seq = await player.send(game, command);
      if (seq !== undefined) this.acknowledgedAt[index]!.push(performance.now());
      else if (player.refusals.at(-1)?.code === 'game_not_found') this.vanished.add(game);
    }
  }
}
