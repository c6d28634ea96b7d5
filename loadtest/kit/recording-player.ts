import { capture, FREE, type Grid, grid } from '../../services/apps/grid/grid.ts';
import { GridlockClient } from '../../services/client/client.ts';
import { type ClientOptions, type GameChange, GridlockError, nodePlatform } from '../../services/client/node.ts';
import { decodeServerFrame, type ServerMessage } from '../../services/protocol/index.ts';
import type { Cluster } from './cluster.ts';
import type { AcknowledgedCapture, ClientHistory, Observation, Received } from './history.ts';

/** Changes the runtime of a player's client, for instance to count what it does. */
export type WrapPlatform = (platform: ReturnType<typeof nodePlatform>) => ReturnType<typeof nodePlatform>;

/** A program that plays through the SDK and writes down what it saw and what it was promised. */
export class RecordingPlayer {
  readonly client: GridlockClient<Grid>;
  readonly #observed: Observation[] = [];
  readonly #received: Received[] = [];
  readonly #acknowledged: AcknowledgedCapture[] = [];
  readonly #refusals: GridlockError[] = [];

  constructor(
    cluster: Pick<Cluster, 'url' | 'rootPem'>,
    name: string,
    options: Partial<ClientOptions> = {},
    wrap: WrapPlatform = (platform) => platform,
  ) {
    const platform = wrap(nodePlatform({ url: cluster.url, ca: cluster.rootPem }));
    const decode = (text: string) => this.#note(decodeServerFrame(text));
    this.client = new GridlockClient(
      { ...platform, decode },
      { room: grid, name, requestTimeoutMs: 30_000, ...options },
    );
    this.client.on('game', ({ game, epoch, seq, event, state }) => {
      const place = { game, epoch, seq };
      this.#observed.push(event ? { kind: 'event', ...place, event } : { kind: 'snapshot', ...place, state });
    });
  }

  static async connect(
    cluster: Pick<Cluster, 'url' | 'rootPem'>,
    name: string,
    options?: Partial<ClientOptions>,
    wrap?: WrapPlatform,
  ): Promise<RecordingPlayer> {
    const player = new RecordingPlayer(cluster, name, options, wrap);
    await player.client.connect();
    return player;
  }

  #note(messages: ServerMessage[]): ServerMessage[] {
    for (const message of messages) {
      if (message.type === 'welcome')
        this.#received.push({
          kind: 'welcome',
          known: this.client.games.map(({ game, epoch, seq }) => ({ game, epoch, seq })),
        });
      if (message.type !== 'event' && message.type !== 'snapshot') continue;
      const { type, game, epoch, seq } = message;
      this.#received.push({ kind: type, game, epoch, seq });
    }
    return messages;
  }

  get replica(): string {
    return this.client.health.replica ?? 'none';
  }

  get refusals(): readonly GridlockError[] {
    return this.#refusals;
  }

  /** Events its sockets brought. */
  get events(): number {
    return this.#received.reduce((sum, { kind }) => sum + Number(kind === 'event'), 0);
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  /** The place in the game's history of the last move that was acknowledged; 0 of none. */
  lastAcknowledged(game: string): number {
    return this.#acknowledged.reduce((last, one) => (one.game === game ? Math.max(last, one.seq) : last), 0);
  }

  /** Cells that may be captured; none of a game that is not active. */
  freeCells(game: string): number[] {
    const state = this.client.game(game)?.state;
    return state?.status === 'active' ? state.cells.flatMap((seat, cell) => (seat === FREE ? [cell] : [])) : [];
  }

  history(): ClientHistory {
    const player = this.client.player?.id ?? 'unknown';
    return {
      player,
      observed: [...this.#observed],
      acknowledged: [...this.#acknowledged],
      received: [...this.#received],
    };
  }

  /** Captures a cell and remembers the promise; a refusal is remembered too, and gives undefined. */
  async capture(game: string, cell: number): Promise<number | undefined> {
    try {
      const { epoch, seq } = await this.client.act(game, capture(cell));
      this.#acknowledged.push({ game, cell, epoch: epoch!, seq: seq! });
      return seq;
    } catch (error) {
      if (!(error instanceof GridlockError)) throw error;
      this.#refusals.push(error);
      return undefined;
    }
  }

  /** Captures free cells, one after the other, until the game is over. `pick` chooses among those that are free. */
  async playOut(game: string, pick: (free: readonly number[]) => number): Promise<void> {
    for (;;) {
      const state = this.client.game(game)?.state;
      if (state?.status !== 'active') return;
      const free = this.freeCells(game);
      if (free.length === 0) return void (await this.until(game, ({ state: { status } }) => status === 'completed'));
      await this.capture(game, free[pick(free) % free.length]!);
    }
  }

  /** Resolves when the connection was lost and made again, at once if that has happened already. */
  reconnected(): Promise<void> {
    if (this.client.health.reconnects > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.client.on('health', ({ reconnects }) => {
        if (reconnects === 0) return;
        off();
        resolve();
      });
    });
  }

  /** Resolves when the game is as wanted, at once if it is already. */
  until(game: string, wanted: (view: Pick<GameChange, 'state' | 'seq'>) => boolean): Promise<void> {
    const view = this.client.game(game);
    if (view && wanted(view)) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.client.on('game', (change) => {
        if (change.game !== game || !wanted(change)) return;
        off();
        resolve();
      });
    });
  }
}

/** Connects until every place is taken; `placeOf` tells the place of a player, or undefined where none is free. */
async function seat(
  cluster: Pick<Cluster, 'url' | 'rootPem'>,
  count: number,
  placeOf: (player: RecordingPlayer, taken: ReadonlyMap<number, RecordingPlayer>) => number | undefined,
  options?: Partial<ClientOptions>,
): Promise<RecordingPlayer[]> {
  const taken = new Map<number, RecordingPlayer>();
  // Held until the end: the edge sends the next connection to the replica that has the fewest.
  const spare: RecordingPlayer[] = [];
  while (taken.size < count && spare.length < 40) {
    // A game that takes its players to its replica would bring them all together.
    const player = await RecordingPlayer.connect(cluster, `Player ${taken.size + 1}`, {
      routeByGame: false,
      ...options,
    });
    const place = placeOf(player, taken);
    if (place === undefined) spare.push(player);
    else taken.set(place, player);
  }
  for (const { client } of spare) client.close();
  if (taken.size === count) return [...taken].sort(([a], [b]) => a - b).map(([, player]) => player);
  const reached = [...new Set([...taken.values(), ...spare].map(({ replica }) => replica))].sort();
  for (const { client } of taken.values()) client.close();
  throw new Error(`40 connections reached only the replicas ${reached.join(', ')}.`);
}

/** Players on as many different replicas, however many connections that takes. The others are closed. */
export const playersOnDifferentReplicas = (
  cluster: Pick<Cluster, 'url' | 'rootPem'>,
  count: number,
  options?: Partial<ClientOptions>,
) =>
  seat(
    cluster,
    count,
    ({ replica }, taken) => ([...taken.values()].some((other) => other.replica === replica) ? undefined : taken.size),
    options,
  );

/** A player on each of the replicas with these APPIDs, in this order. */
export const playersOnReplicas = (cluster: Pick<Cluster, 'url' | 'rootPem'>, appIds: readonly string[]) =>
  seat(cluster, appIds.length, ({ replica }, taken) => {
    const place = appIds.indexOf(replica);
    return place < 0 || taken.has(place) ? undefined : place;
  });
