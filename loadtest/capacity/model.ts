/** The measurements on one machine; times are microseconds of CPU, sizes bytes. */
export interface Measured {
  readonly at: string;
  readonly commit: string;
  readonly machine: string;
  readonly versions: string;
  /** For all processes of a tier: the CPU that they use per second without events, and per delivered event. */
  readonly cpu: Readonly<Record<Tier, { readonly idlePerSecond: number; readonly perEvent: number }>>;
  /** Opening a socket: TLS handshake, upgrade, token. */
  readonly perHandshake: Readonly<Record<Tier, number>>;
  /** For one process, and for each idle socket, without the sockets' buffers in the kernel. */
  readonly memory: Readonly<Record<Tier, { readonly perProcess: number; readonly perSocket: number }>>;
  /** The most that one process held and did during the measurement. */
  readonly reached: Reached;
  /** The players that the figures come from. */
  readonly fittedAt: readonly number[];
  readonly replicas: number;
  readonly groupSize: number;
  readonly movesPerSecond: number;
}

export interface Reached {
  readonly replica: { readonly sockets: number; readonly eventsPerSecond: number };
  readonly edge: { readonly sockets: number; readonly eventsPerSecond: number };
  readonly redis: { readonly games: number; readonly movesPerSecond: number };
}

export type Tier = 'replicas' | 'redis' | 'edge';
export const TIERS: readonly Tier[] = ['replicas', 'redis', 'edge'];

export interface Plan {
  readonly players: number;
  /** Share of the players that are in a game at a time. */
  readonly playing: number;
  readonly movesPerSecond: number;
  readonly groupSize: number;
  /** Share of a core that is used normally; the rest is for peaks. */
  readonly utilisation: number;
  /** How much faster the cores are than those of the measurement; 0.5: half as fast. */
  readonly coreSpeed: number;
  /** Most sockets that one replica should hold, so that its loss stays small. */
  readonly socketsPerReplica: number;
  /** Seconds within which the players of a replica that died are back. */
  readonly reconnectSeconds: number;
  /** Buffers the kernel keeps for one socket, each side of the edge counted. */
  readonly kernelBytesPerSocket: number;
  readonly redisBytesPerGame: number;
  /** Size of an event as it leaves the edge, with all headers. */
  readonly bytesPerEvent: number;
  readonly price: {
    readonly coreHour: number;
    readonly gigabyteHour: number;
    readonly egressGigabyte: number;
    readonly loadBalancerHour: number;
  };
}

export const HOURS_A_MONTH = 730;
const GIGABYTE = 1e9;

export interface Capacity {
  readonly eventsPerSecond: number;
  readonly movesPerSecond: number;
  readonly games: number;
  /** Processes of one core each; of Redis primaries, each with a replica. */
  readonly processes: Readonly<Record<Tier, number>>;
  /** Cores that are busy in the normal case. */
  readonly busyCores: Readonly<Record<Tier, number>>;
  /** Bytes of all processes of a tier. */
  readonly memory: Readonly<Record<Tier, number>>;
  readonly egressPerMonth: number;
  readonly bill: {
    readonly cores: number;
    readonly memory: number;
    readonly egress: number;
    readonly balancer: number;
    readonly total: number;
  };
}

/** Busy cores of a tier at this many events a second, as measured. The constant part is that of one machine. */
export const busyCores = ({ cpu }: Measured, tier: Tier, eventsPerSecond: number): number =>
  (cpu[tier].idlePerSecond + eventsPerSecond * cpu[tier].perEvent) / 1e6;

/** The resources that a plan needs. */
export function capacityFor(measured: Measured, plan: Plan): Capacity {
  const { players, playing, groupSize, utilisation, coreSpeed, price } = plan;
  const movesPerSecond = players * playing * plan.movesPerSecond;
  const eventsPerSecond = movesPerSecond * groupSize;
  const games = Math.ceil((players * playing) / groupSize);
  const busy = (tier: Tier) => (eventsPerSecond * measured.cpu[tier].perEvent) / 1e6 / coreSpeed;
  const cores = { replicas: busy('replicas'), redis: busy('redis'), edge: busy('edge') };
  const forLoad = (tier: Tier) => Math.ceil(cores[tier] / utilisation);

  // One more than needed, so that any one may be missing.
  const replicas = Math.max(2, Math.max(forLoad('replicas'), Math.ceil(players / plan.socketsPerReplica)) + 1);
  // The sockets of a lost replica come back at once, on top of the load.
  const handshakesPerSecond = players / replicas / plan.reconnectSeconds;
  const storm = (handshakesPerSecond * measured.perHandshake.edge) / 1e6 / coreSpeed;
  const edge = Math.max(2, Math.ceil(cores.edge / utilisation + storm) + 1);
  const redis = Math.max(1, forLoad('redis'));
  const processes = { replicas, redis, edge };

  const perSocket = (tier: Tier) => players * (measured.memory[tier].perSocket + plan.kernelBytesPerSocket);
  const memory = {
    replicas: replicas * measured.memory.replicas.perProcess + perSocket('replicas'),
    edge: edge * measured.memory.edge.perProcess + perSocket('edge'),
    redis: 2 * (redis * measured.memory.redis.perProcess + games * plan.redisBytesPerGame),
  };
  const egressPerMonth = eventsPerSecond * plan.bytesPerEvent * 3600 * HOURS_A_MONTH;
  const bill = {
    cores: (replicas + edge + 2 * redis) * price.coreHour * HOURS_A_MONTH,
    memory: ((memory.replicas + memory.edge + memory.redis) / GIGABYTE) * price.gigabyteHour * HOURS_A_MONTH,
    egress: (egressPerMonth / GIGABYTE) * price.egressGigabyte,
    balancer: price.loadBalancerHour * HOURS_A_MONTH,
  };
  const total = bill.cores + bill.memory + bill.egress + bill.balancer;
  return {
    eventsPerSecond,
    movesPerSecond,
    games,
    processes,
    busyCores: cores,
    memory,
    egressPerMonth,
    bill: { ...bill, total },
  };
}
