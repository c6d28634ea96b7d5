import { GridlockClient } from '../../services/client/client.ts';
import { type ClientOptions, GridlockError, nodePlatform, type Room } from '../../services/client/node.ts';
import {
  type AnyRoomType,
  type CommandOf,
  decodeServerFrame,
  type ServerMessage,
} from '../../services/protocol/index.ts';
import type { Cluster } from './cluster.ts';
import type { Acknowledged, ClientHistory, Observation, Received } from './history.ts';

/** Changes the runtime of a player's client, for example to count its actions. */
export type WrapPlatform = (platform: ReturnType<typeof nodePlatform>) => ReturnType<typeof nodePlatform>;

export type Target = Pick<Cluster, 'url' | 'rootPem'>;

/** A program that plays an application through the SDK and records the events it saw and the answers it got. */
export class RecordingPlayer<Type extends AnyRoomType = AnyRoomType> {
  readonly client: GridlockClient<Type>;
  readonly #type: Type;
  readonly #observed: Observation[] = [];
  readonly #received: Received[] = [];
  readonly #acknowledged: Acknowledged[] = [];
  readonly #open: { game: string; command: CommandOf<Type> }[] = [];
  readonly #refusals: GridlockError[] = [];

  constructor(
    cluster: Target,
    type: Type,
    name: string,
    options: Partial<ClientOptions> = {},
    wrap: WrapPlatform = (platform) => platform,
  ) {
    const platform = wrap(nodePlatform({ url: cluster.url, ca: cluster.rootPem }));
    const decode = (text: string) => this.#note(decodeServerFrame(text));
    this.#type = type;
    const own = { room: type, name, requestTimeoutMs: 30_000, ...options };
    this.client = new GridlockClient<Type>({ ...platform, decode }, own as Partial<ClientOptions<Type>>);
    this.client.on('room', (room) => this.#observe(room));
  }

  #observe(room: Room<Type>): void {
    const { code: game } = room;
    const note = (observation: Observation) => void this.#observed.push(observation);
    room.on('event', ({ epoch, seq, at, event }) => note({ kind: 'event', game, epoch, seq, at, event }));
    room.on('snapshot', ({ epoch, seq, state }) => note({ kind: 'snapshot', game, epoch, seq, state }));
  }

  #note(messages: ServerMessage[]): ServerMessage[] {
    for (const message of messages) {
      if (message.type === 'welcome')
        this.#received.push({
          kind: 'welcome',
          known: this.client.rooms.map(({ code, epoch, seq }) => ({ game: code, epoch, seq })),
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

  /** The place in the game's history of the last acknowledged move; 0 without one. */
  lastAcknowledged(game: string): number {
    return this.#acknowledged.reduce((last, one) => (one.game === game ? Math.max(last, one.seq) : last), 0);
  }

  history(): ClientHistory {
    const { id: player, name } = this.client.player ?? { id: 'unknown', name: 'unknown' };
    return {
      player,
      name,
      observed: [...this.#observed],
      final: this.client.rooms.map(({ code, epoch, seq, state }) => ({ game: code, epoch, seq, state })),
      acknowledged: [...this.#acknowledged],
      open: [...this.#open],
      received: [...this.#received],
    };
  }

  /** Sends a command and records the acknowledgement. A refusal is recorded too, and gives undefined. */
  async send(game: string, command: CommandOf<Type>): Promise<number | undefined> {
    try {
      const { epoch, seq } = await this.client.send(game, command);
      this.#acknowledged.push({ game, command, epoch: epoch!, seq: seq! });
      return seq;
    } catch (error) {
      if (!(error instanceof GridlockError)) throw error;
      this.#refusals.push(error);
      // Every error except the application's own refusal may hide that the command happened.
      if (!Object.hasOwn(this.#type.refusals, error.code)) this.#open.push({ game, command });
      return undefined;
    }
  }

  /** Resolves when the connection was lost and restored, at once if that has happened already. */
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

  /** Resolves when the game meets the condition, at once if it does already. */
  async until(game: string, wanted: (room: Room<Type>) => boolean): Promise<void> {
    const room = this.client.room(game) ?? (await this.#entered(game));
    if (wanted(room)) return;
    await new Promise<void>((resolve) => {
      const off = room.on('change', () => {
        if (!wanted(room)) return;
        off();
        resolve();
      });
    });
  }

  #entered(game: string): Promise<Room<Type>> {
    return new Promise((resolve) => {
      const off = this.client.on('room', (room) => {
        if (room.code !== game) return;
        off();
        resolve(room);
      });
    });
  }
}

type Connect<Player> = (name: string, options: Partial<ClientOptions>) => Promise<Player>;

/** Connects until every place is taken. `placeOf` returns the place of a player, or undefined when none is free. */
async function seat<Player extends RecordingPlayer<any>>(
  connect: Connect<Player>,
  count: number,
  placeOf: (player: Player, taken: ReadonlyMap<number, Player>) => number | undefined,
  options?: Partial<ClientOptions>,
): Promise<Player[]> {
  const taken = new Map<number, Player>();
  // Held until the end: the edge sends the next connection to the replica that has the fewest.
  const spare: Player[] = [];
  while (taken.size < count && spare.length < 40) {
    // A game that leads its players to its replica would put them all on one.
    const player = await connect(`Player ${taken.size + 1}`, { routeByGame: false, ...options });
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

/** Players on as many different replicas. This may take more connections; the others are closed. */
export const onDifferentReplicas = <Player extends RecordingPlayer<any>>(
  connect: Connect<Player>,
  count: number,
  options?: Partial<ClientOptions>,
) =>
  seat(
    connect,
    count,
    ({ replica }, taken) => ([...taken.values()].some((other) => other.replica === replica) ? undefined : taken.size),
    options,
  );

/** A player on each of the replicas with these APPIDs, in this order. */
export const onReplicas = <Player extends RecordingPlayer<any>>(connect: Connect<Player>, appIds: readonly string[]) =>
  seat(connect, appIds.length, ({ replica }, taken) => {
    const place = appIds.indexOf(replica);
    return place < 0 || taken.has(place) ? undefined : place;
  });
