import { Deliveries, type Tally } from './deliveries.ts';
import type { Player } from './parties.ts';
import { now, type ThinCrowd } from './thin-crowd.ts';

export interface Load {
  /** Moves or lines a second, of all players together. */
  readonly rate: number;
  /** Seconds before the measurement, and of the measurement. */
  readonly warmSeconds: number;
  readonly seconds: number;
  /** Milliseconds after which a delivery counts as late; default: a second. */
  readonly lateMs?: number;
}

export interface Measured extends Tally {
  /** Within the measured seconds, because CPU is counted over them. */
  readonly deliveredInTime: number;
  readonly seconds: number;
}

/** How long after the last message deliveries may still arrive. */
const GRACE_MS = 8000;
/** Some groups are a move ahead of others. */
const SPARE_MOVES = 4;
/** A repeated delivery arrives soon. */
const LINGER_MS = 200;

type Send = (player: Player, dueAt: number) => void;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Sends at even intervals until stopped, each message at its own time, however long the previous one took. */
export class Pacer {
  #stopped = false;
  #sent = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(players: readonly Player[], rate: number, send: Send) {
    const order = shuffled(players);
    const start = now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((now() - start) * rate) / 1000) + 1;
      for (; this.#sent < due && !this.#stopped; this.#sent += 1) {
        send(order[this.#sent % order.length]!, start + (this.#sent * 1000) / rate);
      }
    }, 1);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }
}

/** Moves at a fixed rate. `onWindow` is called when the measurement begins, and when it ends. */
export async function play(crowd: ThinCrowd, load: Load, onWindow: (edge: 'begin' | 'end') => void): Promise<Measured> {
  const players = crowd.groups.flatMap((group) => group.players);
  const { rate, warmSeconds, seconds, lateMs } = load;
  await crowd.makeRoom(Math.ceil(((warmSeconds + seconds) * rate) / crowd.groups.length) + SPARE_MOVES);
  const start = () =>
    new Deliveries(
      crowd.groups.map(({ moves }) => moves),
      lateMs,
    );
  return run(
    players,
    load,
    onWindow,
    (player, dueAt) => crowd.move(player, dueAt),
    () => (crowd.moves = start()),
  );
}

/** Lines to all players at a fixed rate. */
export async function say(crowd: ThinCrowd, load: Load, onWindow: (edge: 'begin' | 'end') => void): Promise<Measured> {
  const start = () => (crowd.chat = new Deliveries([crowd.lines], load.lateMs));
  return run(crowd.players, load, onWindow, (player, dueAt) => crowd.say(player, dueAt), start);
}

async function run(
  players: readonly Player[],
  { rate, warmSeconds, seconds }: Load,
  onWindow: (edge: 'begin' | 'end') => void,
  send: Send,
  start: () => Deliveries,
): Promise<Measured> {
  const pacer = new Pacer(players, rate, send);
  await pause(warmSeconds * 1000);
  const from = now();
  const deliveries = start();
  onWindow('begin');
  await pause(seconds * 1000);
  const deliveredInTime = deliveries.count;
  const took = (now() - from) / 1000;
  onWindow('end');
  pacer.stop();
  await settled(deliveries);
  return { ...deliveries.tally(), deliveredInTime, seconds: took };
}

/** Resolves when everything is delivered, or no more deliveries are expected. */
export async function settled(deliveries: Deliveries): Promise<void> {
  const deadline = now() + GRACE_MS;
  while (deliveries.outstanding > 0 && now() < deadline) await pause(20);
  await pause(LINGER_MS);
}

/** Keeps players of one group from moving one after the other. */
export function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
