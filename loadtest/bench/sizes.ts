/** The sizes of the measurements. Times are seconds. */
export interface Size {
  readonly players: number;
  readonly groupSize: number;
  readonly replicas: number;
  readonly repetitions: number;
  /** Moves a second of each player. */
  readonly rate: number;
  /** Play before anything but idle sockets is measured: until then servers compile what they run. */
  readonly heatSeconds: number;
  /** The durations of the measurements of moves and chat, and of the warm-up. */
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Lines a second, of all together. */
  readonly lines: number;
  /** Idle sockets. Their memory is the cost of those after the first ones. */
  readonly idle: { readonly first: number; readonly all: number };
  /** Players connected when a replica is killed. */
  readonly killPlayers: number;
  /**
   * The search for the most deliveries: seconds of a step, and the rate at which it ends even if nothing breaks. A step
   * passes when its p99 is at most `limitMs`, and at least the share `enough` of the offered deliveries arrives in
   * time.
   */
  readonly max: {
    readonly seconds: number;
    readonly warmSeconds: number;
    readonly most: number;
    readonly limitMs: number;
    readonly enough: number;
  };
  /**
   * The curve: deliveries a second, the same for every system. A system keeps up as long as its p99 is at most
   * `limitMs` and at least the share `enough` of the offered deliveries arrives in time.
   */
  readonly curve: {
    readonly deliveries: readonly number[];
    readonly seconds: number;
    readonly warmSeconds: number;
    readonly limitMs: number;
    readonly enough: number;
  };
  /** The quantities that grow at the same deliveries a second: small rooms, members of a room, and idle sockets. */
  readonly growth: {
    readonly deliveries: number;
    readonly seconds: number;
    readonly warmSeconds: number;
    readonly rooms: { readonly members: number; readonly counts: readonly number[] };
    readonly members: { readonly players: number; readonly counts: readonly number[] };
    readonly idle: { readonly rooms: number; readonly members: number; readonly counts: readonly number[] };
  };
  /** How long memory is observed. */
  readonly soak: { readonly minutes: number };
}

export const SIZES = {
  full: {
    players: 1000,
    groupSize: 4,
    replicas: 4,
    repetitions: 3,
    rate: 2,
    heatSeconds: 8,
    seconds: 4,
    warmSeconds: 1.5,
    lines: 20,
    idle: { first: 800, all: 2800 },
    killPlayers: 400,
    max: { seconds: 2, warmSeconds: 0.7, most: 100_000, limitMs: 100, enough: 0.95 },
    curve: {
      deliveries: [1000, 2000, 4000, 8000, 12_000, 16_000, 20_000, 25_000, 32_000, 40_000],
      seconds: 3,
      warmSeconds: 1,
      limitMs: 1000,
      enough: 0.95,
    },
    growth: {
      deliveries: 4000,
      seconds: 6,
      warmSeconds: 1.5,
      // One HAProxy may hold no more than 9,900 sockets where a process may open 20,000 files.
      rooms: { members: 3, counts: [250, 500, 1000, 2500] },
      members: { players: 960, counts: [2, 4, 8, 16, 32, 64] },
      idle: { rooms: 250, members: 4, counts: [0, 2000, 5000] },
    },
    soak: { minutes: 10 },
  },
  tiny: {
    // The measurement is longer than a busy machine holds up a process, because without deliveries there is no cost per
    // delivery.
    players: 32,
    groupSize: 4,
    replicas: 4,
    repetitions: 1,
    rate: 4,
    heatSeconds: 0.5,
    seconds: 4,
    warmSeconds: 0.2,
    lines: 5,
    // Enough that they take more memory than a garbage collection frees.
    idle: { first: 16, all: 272 },
    killPlayers: 32,
    // Shows that the search works on any machine, not how fast the system is.
    max: { seconds: 0.5, warmSeconds: 0.1, most: 1000, limitMs: 5000, enough: 0.1 },
    curve: { deliveries: [100, 200], seconds: 2, warmSeconds: 0.1, limitMs: 5000, enough: 0.1 },
    growth: {
      deliveries: 200,
      seconds: 2,
      warmSeconds: 0.1,
      rooms: { members: 3, counts: [8] },
      members: { players: 32, counts: [16] },
      idle: { rooms: 4, members: 4, counts: [24] },
    },
    soak: { minutes: 0.1 },
  },
} as const satisfies Record<string, Size>;
export type SizeName = keyof typeof SIZES;
