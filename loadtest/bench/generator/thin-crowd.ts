import { createSecureContext } from 'node:tls';
import { DIALECTS, type DialectName } from '../dialects/index.ts';
import { type Deliveries, Stream } from './deliveries.ts';
import type { Dialect, Group, Player, Sink } from './parties.ts';
import { ThinSocket } from './thin-socket.ts';

export interface ThinCrowdOptions {
  readonly port: number;
  /** The root certificate that signed the edge's, as PEM. */
  readonly ca: string;
  readonly dialect: DialectName;
  readonly params: Readonly<Record<string, string>>;
  readonly players: number;
  readonly groupSize: number;
}

/** Sockets that are being opened at the same time. */
const OPENING = 32;
/** A client that was cut off reconnects after a random part of this time, and tries again until it is connected. */
const COME_BACK_MS = 100;
const GREETING_MS = 3000;
/** A first connection does not retry, and nothing is measured yet. */
const FIRST_GREETING_MS = 30_000;

/** Milliseconds of a clock that all processes of this machine share. */
export const now = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** The steps of a client that comes back, in order. */
export const STEPS = ['cut', 'tried', 'secured', 'upgraded', 'greeted', 'back'] as const;
export type Step = (typeof STEPS)[number];

/** When a player was cut off and went through each step of coming back, the last time it tried, by `now`. */
export interface Absence {
  readonly player: number;
  readonly replica: string;
  readonly at: Partial<Record<Step, number>>;
}

/** All players of a run: their sockets, their groups, and what they receive. */
export class ThinCrowd {
  readonly players: Player[];
  groups: Group[] = [];
  /** Chat from everybody to everybody. */
  readonly lines: Stream;
  readonly problems = new Map<string, number>();
  readonly absences: Absence[] = [];
  /** The current measurement. */
  moves: Deliveries | undefined;
  chat: Deliveries | undefined;
  readonly #options: ThinCrowdOptions;
  readonly #dialect: Dialect;
  readonly #secureContext;
  #isClosing = false;

  constructor(options: ThinCrowdOptions) {
    this.#options = options;
    this.#secureContext = createSecureContext({ ca: options.ca, minVersion: 'TLSv1.3' });
    const sink: Sink = {
      moved: (group, number, seat) => {
        if (group.moves.receive(number, seat))
          this.moves?.received(now() - group.moves.dueAt(number), group.moves, number);
      },
      acknowledged: (group, number) => group.moves.acknowledge(number),
      said: (player, number) => {
        if (this.lines.receive(number, player.index))
          this.chat?.received(now() - this.lines.dueAt(number), this.lines, number);
      },
      problem: (what) => this.#problem(what),
    };
    this.#dialect = DIALECTS[options.dialect](sink, { ...options.params, port: String(options.port), ca: options.ca });
    this.players = Array.from({ length: options.players }, (_, index) => ({
      index,
      group: undefined,
      seat: 0,
      socket: undefined,
      replica: '',
      pending: new Map(),
    }));
    this.lines = new Stream(options.players);
    this.#group(this.players);
  }

  /** Opens sockets for a range of players. Resolves when all are accepted. */
  async connect(from = 0, to = this.players.length): Promise<void> {
    let next = from;
    const some = async () => {
      for (let index = next++; index < to; index = next++) await this.#open(this.players[index]!, FIRST_GREETING_MS);
    };
    await Promise.all(Array.from({ length: OPENING }, some));
  }

  /**
   * Groups this many of the first players by the replica that has their socket, with the members of a group on
   * different replicas or on one, and seats them. The others only hold a socket.
   */
  async seat(where: 'apart' | 'together', count = this.players.length): Promise<void> {
    const seated = this.players.slice(0, count);
    const byReplica = Map.groupBy(seated, ({ replica }) => replica);
    const replicas = [...byReplica.values()];
    const order =
      where === 'together' || replicas.length === 1
        ? replicas.flat()
        : Array.from({ length: Math.max(...replicas.map(({ length }) => length)) }, (_, row) =>
            replicas.flatMap((players) => players[row] ?? []),
          ).flat();
    // A room that the upgrade requests exists already.
    if (replicas.length > 1) this.#group(order);
    else this.groups.splice(Math.floor(count / this.#options.groupSize));
    let next = 0;
    const some = async () => {
      for (let index = next++; index < this.groups.length; index = next++) {
        await this.#dialect.enter(this.groups[index]!);
      }
    };
    await Promise.all(Array.from({ length: OPENING }, some));
  }

  /**
   * Prepares every group for a number of moves, so that the cost of opening games is not measured with that of moves.
   */
  async makeRoom(moves: number): Promise<void> {
    await Promise.all(this.groups.map((group) => this.#dialect.makeRoom?.(group, moves)));
  }

  async listen(): Promise<void> {
    for (const player of this.players) await this.#dialect.listen(player);
  }

  move(player: Player, dueAt: number): void {
    const { group } = player;
    // A client that is cut off does not move.
    if (!group || !player.socket?.isOpen) return;
    const number = group.moves.send(dueAt);
    this.moves?.sent(group.moves);
    this.#dialect.move(player, group, number);
  }

  say(player: Player, dueAt: number): void {
    if (!player.socket?.isOpen) return;
    const number = this.lines.send(dueAt);
    this.chat?.sent(this.lines);
    this.#dialect.say(player, number);
  }

  /** Drops all groups except this many of the first. */
  keep(groups: number): void {
    for (const group of this.groups.splice(groups)) {
      for (const player of group.players) player.socket?.destroy();
    }
  }

  close(): void {
    this.#isClosing = true;
    for (const { socket } of this.players) socket?.destroy();
  }

  #group(order: readonly Player[]): void {
    const { groupSize } = this.#options;
    this.groups = Array.from({ length: Math.floor(order.length / groupSize) }, (_, index) => {
      const players = order.slice(index * groupSize, (index + 1) * groupSize);
      const group: Group = { index, players, moves: new Stream(groupSize) };
      players.forEach((player, seat) => Object.assign(player, { group, seat }));
      return group;
    });
  }

  async #open(player: Player, greetingMs: number, passed: (step: Step) => void = () => {}): Promise<void> {
    passed('tried');
    const { port } = this.#options;
    const { path, headers = {} } = await this.#dialect.handshake(player);
    await new Promise<void>((resolve, reject) => {
      let isIn = false;
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`Player ${player.index} was not accepted within ${greetingMs / 1000} s.`));
      }, greetingMs);
      const socket = new ThinSocket(
        { host: '127.0.0.1', port, secureContext: this.#secureContext, path, headers },
        {
          secured: () => passed('secured'),
          open: (given) => {
            passed('upgraded');
            player.replica = given.get('x-served-by') ?? '';
            // Nothing has been read before the wait for the greeting begins.
            this.#dialect.greet(player).then(() => {
              isIn = true;
              clearTimeout(timer);
              passed('greeted');
              resolve();
            }, reject);
          },
          message: (payload) => this.#dialect.read(player, payload),
          closed: (reason) => {
            clearTimeout(timer);
            if (isIn) this.#cut(player, reason);
            else reject(new Error(`Player ${player.index} was not accepted: ${reason}.`));
          },
        },
      );
      player.socket = socket;
    });
  }

  #cut(player: Player, reason: string): void {
    if (this.#isClosing) return;
    this.#problem(`a socket was cut: ${reason.replace(/\d{4,}/g, '…')}`);
    const absence: Absence = { player: player.index, replica: player.replica, at: { cut: now() } };
    this.absences.push(absence);
    void this.#comeBack(player, absence);
  }

  async #comeBack(player: Player, { at }: Absence): Promise<void> {
    const passed = (step: Step) => void (at[step] = now());
    while (!this.#isClosing) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * COME_BACK_MS));
      try {
        await this.#open(player, GREETING_MS, passed);
        if (player.group) await this.#dialect.back(player, player.group);
        passed('back');
        return;
      } catch (error) {
        this.#problem(`coming back: ${(error as Error).message.replace(/Player \d+/, 'a player')}`);
      }
    }
  }

  #problem(what: string): void {
    this.problems.set(what, (this.problems.get(what) ?? 0) + 1);
  }
}
