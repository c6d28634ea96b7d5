/** The plan for the players of a run, passed to k6 as JSON. Seconds count from their common start. */
export interface Plan {
  readonly scenario: string;
  /** Origin of the cluster, as `https://localhost:8443`. */
  readonly url: string;
  /** Sockets held at the full size, and the number of k6's virtual users that hold them. */
  readonly sockets: number;
  readonly vus: number;
  readonly seconds: number;
  /** The sockets come in this many equal steps, one after the other over the run. */
  readonly steps: number;
  /** Time over which the sockets of a step are opened. */
  readonly rampSeconds: number;
  /** Share of the sockets that play, 0 to 1; the others are idle. */
  readonly playing: number;
  /** Moves a second of each active player. */
  readonly pace: number;
  readonly game: { readonly players: number; readonly size: number; readonly seconds: number };
  /** Lines a second that all players together say to everybody; 0 for no chat. */
  readonly chatLines: number;
  readonly cuts: readonly Cut[];
  /** The times between which a client misbehaves. */
  readonly abuse: readonly (readonly [from: number, to: number])[];
  /** An event that takes longer than this is late. */
  readonly lateMs: number;
  /** Whether the cluster is on this machine: its clock is k6's own. */
  readonly sharedClock: boolean;
  /** Address that decides before each further step whether to take it; undefined without a decision. */
  readonly control?: string | undefined;
  readonly thresholds: Readonly<Record<string, readonly string[]>>;
  /** Where k6 writes its own summary. */
  readonly summaryFile: string;
}

/** A share of the sockets is cut without warning, spread over a while; each makes a new one and resumes. */
export interface Cut {
  readonly at: number;
  readonly share: number;
  readonly over: number;
}

/** Which curve a histogram belongs to. */
export const CURVES = ['move', 'lag', 'resume', 'handshake', 'delay', 'answer'] as const;
export type Curve = (typeof CURVES)[number];

/** The report of one virtual user about one second. */
export interface Tick {
  readonly vu: number;
  /** Since the players began. */
  readonly second: number;
  readonly open: number;
  /** Sockets by the replica that holds them, as changes of this virtual user. */
  readonly replicas: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  /** Closes by code: 3000 for a cut, 1000 for the end. Any other code is unexpected. */
  readonly closes: Readonly<Record<string, number>>;
  /** Per curve: the number of samples in each bucket. */
  readonly curves: Readonly<Partial<Record<Curve, Readonly<Record<number, number>>>>>;
}

/** Time after the last move in which deliveries still arrive, and cut clients come back. */
export const SETTLE_SECONDS = 6;

/** The beginning of every tick line, to find it in k6's other output. */
export const TICK = 'gridlock-tick ';

/** Sockets of a virtual user (counted from 1) after this many steps. */
export function socketsOf(
  { sockets, vus, steps }: Pick<Plan, 'sockets' | 'vus' | 'steps'>,
  vu: number,
  taken: number,
): number {
  const own = Math.floor(sockets / vus) + (vu <= sockets % vus ? 1 : 0);
  return Math.floor((own * taken) / steps);
}

/** Sockets of all virtual users after this many steps. */
export const socketsAfter = (plan: Pick<Plan, 'sockets' | 'vus' | 'steps'>, taken: number): number =>
  Array.from({ length: plan.vus }, (_, index) => socketsOf(plan, index + 1, taken)).reduce((sum, own) => sum + own, 0);

/** Tables of a virtual user after this many steps. Together they seat the share of active players. */
export function tablesOf(
  plan: Pick<Plan, 'sockets' | 'vus' | 'steps' | 'playing' | 'game'>,
  vu: number,
  taken: number,
): number {
  const { players } = plan.game;
  const all = Math.max(1, Math.round((socketsAfter(plan, taken) * plan.playing) / players));
  const part = Math.floor(all / plan.vus) + (vu <= all % plan.vus ? 1 : 0);
  return Math.min(part, Math.floor(socketsOf(plan, vu, taken) / players));
}
