/** What the players of a run do. Handed to k6 as JSON; seconds count from the moment all of them begin. */
export interface Plan {
  readonly scenario: string;
  /** Origin of the cluster, as `https://localhost:8443`. */
  readonly url: string;
  /** Sockets held at the full size, and by how many of k6's virtual users. */
  readonly sockets: number;
  readonly vus: number;
  readonly seconds: number;
  /** The sockets come in this many equal steps, one after the other over the run. */
  readonly steps: number;
  /** Over how long the sockets of a step are opened. */
  readonly rampSeconds: number;
  /** Share of the sockets that play, 0 to 1; the others hold still. */
  readonly playing: number;
  /** Moves a second of each that plays. */
  readonly pace: number;
  readonly game: { readonly players: number; readonly size: number; readonly seconds: number };
  /** Lines a second that are said to everybody, by all together; 0 for no chat. */
  readonly chatLines: number;
  readonly cuts: readonly Cut[];
  /** When a client misbehaves: from and to. */
  readonly abuse: readonly (readonly [from: number, to: number])[];
  /** An event that takes longer than this is late. */
  readonly lateMs: number;
  /** Whether the cluster is on this machine: its clock is k6's own. */
  readonly sharedClock: boolean;
  /** Asked before each further step whether to take it; undefined when no one decides. */
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
  /** Sockets by the replica that holds them; told by whom it changed for. */
  readonly replicas: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  /** Closes by code: 3000 for a cut, 1000 for the end; any other was not meant. */
  readonly closes: Readonly<Record<string, number>>;
  /** Per curve: how many samples fell into which bucket. */
  readonly curves: Readonly<Partial<Record<Curve, Readonly<Record<number, number>>>>>;
}

/** After the last move: what is under way arrives, and clients that were cut come back. */
export const SETTLE_SECONDS = 6;

/** Begins every line of a tick, among what else k6 may print. */
export const TICK = 'gridlock-tick ';

/** Sockets of a virtual user (counted from 1) after so many steps. */
export function socketsOf(
  { sockets, vus, steps }: Pick<Plan, 'sockets' | 'vus' | 'steps'>,
  vu: number,
  taken: number,
): number {
  const own = Math.floor(sockets / vus) + (vu <= sockets % vus ? 1 : 0);
  return Math.floor((own * taken) / steps);
}

/** Sockets of all virtual users after so many steps. */
export const socketsAfter = (plan: Pick<Plan, 'sockets' | 'vus' | 'steps'>, taken: number): number =>
  Array.from({ length: plan.vus }, (_, index) => socketsOf(plan, index + 1, taken)).reduce((sum, own) => sum + own, 0);

/** Tables of a virtual user after so many steps: together they seat the share of those who play. */
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
