// The messages between the operations page and the replica that serves it, on the internal port.
import * as v from 'valibot';

export const OPERATIONS_PATH = '/ops/';
export const OPERATIONS_SOCKET = '/ops/ws';
/** The time span of the curves. */
export const OPERATIONS_HISTORY_MS = 5 * 60_000;

/** The kinds of changes that the page lists. */
export const OPERATIONS_EVENTS = [
  'ready',
  'not_ready',
  'drain',
  'gone',
  'shed',
  'takeover',
  'redis',
  /** An operator acted, or somebody tried to. */
  'action',
] as const;
export type OperationsEventKind = (typeof OPERATIONS_EVENTS)[number];

export interface OperationsEvent {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** The replica that changed. */
  readonly replica: string;
  readonly kind: OperationsEventKind;
  readonly text: string;
}

/**
 * `stale`: silent for longer than a healthy replica. `gone`: silent for longer, so that the others no longer rely on
 * it. `left`: gone after it drained on request.
 */
export type ReplicaState = 'ready' | 'not_ready' | 'draining' | 'stale' | 'gone' | 'left';

/** A replica at one moment. Rates are of the last second, the 99th percentile of the last ten. */
export interface ReplicaSample {
  readonly at: number;
  readonly sockets: number;
  readonly games: number;
  /** Events and lines given to sockets each second. */
  readonly events: number;
  /** Commands of the application answered each second. */
  readonly moves: number;
  /** Milliseconds from the arrival of a command to its answer; null when there was none. */
  readonly p99: number | null;
}

export interface ReplicaNow extends ReplicaSample {
  readonly replica: string;
  readonly state: ReplicaState;
  /** Why it is not ready. */
  readonly reason?: string;
  readonly startedAt: number;
  /** Resident bytes. */
  readonly memory: number;
  /** The address of its own page, where this machine can open it. */
  readonly page?: string;
}

export interface ServedCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The chain that the edge serves: the leaf first, the root last if it is known. */
export interface ServedChain {
  readonly endpoint: string;
  readonly checkedAt: number;
  readonly certificates: readonly ServedCertificate[];
  /** Why clients would refuse it, or why the chain could not be read. */
  readonly problem?: string;
}

/** The state of the edge; only `problem` when it does not answer. Rates are null until there are two readings. */
export interface EdgeNow {
  readonly at: number;
  readonly problem?: string;
  readonly sessions?: number;
  readonly sessionLimit?: number;
  readonly handshakesPerSecond?: number | null;
  readonly requestsPerSecond?: number | null;
  /** Since the edge was started. */
  readonly refusals?: readonly { readonly reason: string; readonly total: number; readonly perSecond: number | null }[];
}

/** A primary of Redis and its replicas. */
export interface StoreNode {
  readonly name: string;
  readonly role: string;
  /** Bytes. */
  readonly memory: number;
  /** Null for none. */
  readonly memoryLimit: number | null;
  readonly commandsPerSecond: number;
  readonly clients: number;
  /** Keys that Redis evicted for lack of memory. Any eviction is a fault: no key may be lost. */
  readonly evicted: number;
  readonly isWriting: boolean;
  readonly replicas: readonly { readonly name: string; readonly state: string; readonly lagSeconds: number }[];
}

export interface SlowCommand {
  readonly id: string;
  readonly node: string;
  readonly at: number;
  readonly ms: number;
  /** The command and the keys that it names. */
  readonly text: string;
}

export interface StoreNow {
  readonly at: number;
  readonly nodes: readonly StoreNode[];
  /** The newest first. */
  readonly slow: readonly SlowCommand[];
  readonly slowProblem?: string;
  readonly problem?: string;
}

const moment = v.union([
  v.pipe(v.number(), v.integer(), v.minValue(0)),
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((text) => Date.parse(text)),
  ),
]);
const short = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const figure = v.nullable(v.union([v.number(), v.pipe(v.string(), v.maxLength(200)), v.boolean()]));

/** The result of a load run. */
export const LoadRun = v.object({
  scenario: short,
  startedAt: moment,
  seconds: v.pipe(v.number(), v.minValue(0)),
  passed: v.boolean(),
  thresholds: v.pipe(
    v.array(v.object({ name: short, passed: v.boolean(), value: v.optional(figure, null) })),
    v.maxLength(100),
  ),
  summary: v.optional(v.record(short, v.unknown()), {}),
});
export type LoadRun = v.InferOutput<typeof LoadRun>;

/** Messages of the replica to the page. Each replaces the previous one of its type. */
export type OperationsMessage =
  | {
      readonly type: 'hello';
      readonly replica: string;
      readonly design: string;
      readonly history: Readonly<Record<string, readonly ReplicaSample[]>>;
    }
  | { readonly type: 'tick'; readonly now: number; readonly replicas: readonly ReplicaNow[] }
  | { readonly type: 'certificates'; readonly chain: ServedChain }
  | { readonly type: 'edge'; readonly edge: EdgeNow }
  | { readonly type: 'store'; readonly store: StoreNow }
  | { readonly type: 'events'; readonly events: readonly OperationsEvent[] }
  | { readonly type: 'run'; readonly run: LoadRun | null };
