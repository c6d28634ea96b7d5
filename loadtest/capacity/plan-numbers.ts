import type { Plan } from './model.ts';

/** Least, most, default and meaning of each number that can be given. */
export const PLAN_NUMBERS = {
  players: [1, 100_000_000, 100_000, 'players connected at the peak'],
  playing: [0, 1, 0.5, 'share of them that are in a game'],
  moves: [0, 15, 0.5, 'moves a second of each active player'],
  group: [1, 8, 4, 'players of a game, to each of whom every move is delivered'],
  utilisation: [0.05, 0.95, 0.6, 'share of a core used at the peak'],
  'core-speed': [0.05, 20, 1, 'speed of a core, relative to one of the measurement'],
  'sockets-per-replica': [100, 1_000_000, 10_000, 'most sockets of a replica, which its loss cuts off'],
  'reconnect-seconds': [1, 3600, 10, 'time in which the players of a lost replica come back'],
  'kernel-kb': [0, 1000, 8, 'kernel buffers of a quiet socket, KiB'],
  'game-kb': [1, 10_000, 80, 'memory of a game in Redis, KiB'],
  'event-bytes': [50, 10_000, 330, 'bytes of an event on the wire with the headers of WebSocket, TLS, TCP and IP'],
  'price-core': [0, 1000, 0.04, 'dollars for a core and an hour'],
  'price-gb': [0, 1000, 0.0045, 'dollars for a gigabyte of memory and an hour'],
  'price-egress': [0, 1000, 0.09, 'dollars for a gigabyte that leaves'],
  'price-balancer': [0, 1000, 0.025, 'dollars for a load balancer in front of the edges and an hour'],
} as const satisfies Record<string, readonly [least: number, most: number, start: number, meaning: string]>;
type Name = keyof typeof PLAN_NUMBERS;
export type PlanNumbers = Readonly<Record<Name, number>>;

const names = Object.keys(PLAN_NUMBERS) as Name[];
export const DEFAULTS = Object.fromEntries(names.map((name) => [name, PLAN_NUMBERS[name][2]])) as PlanNumbers;

const KIB = 1024;

export const planOf = (numbers: PlanNumbers): Plan => ({
  players: Math.round(numbers.players),
  playing: numbers.playing,
  movesPerSecond: numbers.moves,
  groupSize: numbers.group,
  utilisation: numbers.utilisation,
  coreSpeed: numbers['core-speed'],
  socketsPerReplica: numbers['sockets-per-replica'],
  reconnectSeconds: numbers['reconnect-seconds'],
  kernelBytesPerSocket: numbers['kernel-kb'] * KIB,
  redisBytesPerGame: numbers['game-kb'] * KIB,
  bytesPerEvent: numbers['event-bytes'],
  price: {
    coreHour: numbers['price-core'],
    gigabyteHour: numbers['price-gb'],
    egressGigabyte: numbers['price-egress'],
    loadBalancerHour: numbers['price-balancer'],
  },
});
