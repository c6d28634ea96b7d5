/** How much is measured. Times are seconds. */
export interface Size {
  readonly players: number;
  readonly groupSize: number;
  readonly replicas: number;
  readonly repetitions: number;
  /** Moves a second of each player. */
  readonly rate: number;
  /** Play before anything but idle sockets is measured: until then servers compile what they run. */
  readonly heatSeconds: number;
  /** What is measured of moves and of chat, and what goes before. */
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Lines a second, of all together. */
  readonly lines: number;
  /** Idle sockets: the memory is what those after the first cost. */
  readonly idle: { readonly first: number; readonly all: number };
  /** Players there when a replica is killed. */
  readonly killPlayers: number;
  /** The search for the most deliveries: seconds of a step, and where it ends even if nothing breaks. */
  readonly max: { readonly seconds: number; readonly warmSeconds: number; readonly most: number };
}

export const SIZES = {
  full: {
    players: 1000, groupSize: 4, replicas: 4, repetitions: 3, rate: 2, heatSeconds: 8, seconds: 4, warmSeconds: 1.5,
    lines: 20,
    idle: { first: 800, all: 2800 },
    killPlayers: 400,
    max: { seconds: 2, warmSeconds: 0.7, most: 100_000 },
  },
  tiny: {
    players: 32, groupSize: 4, replicas: 4, repetitions: 1, rate: 4, heatSeconds: 0.5, seconds: 1, warmSeconds: 0.2,
    lines: 5,
    idle: { first: 16, all: 64 },
    killPlayers: 32,
    max: { seconds: 0.5, warmSeconds: 0.1, most: 1000 },
  },
} as const satisfies Record<string, Size>;
export type SizeName = keyof typeof SIZES;
