import * as v from 'valibot';
import type { WebSocket } from 'ws';
import { fieldProblem } from '../../protocol/index.ts';
import {
  type EdgeNow,
  LoadRun,
  type OperationsMessage,
  type ServedChain,
  type StoreNow,
} from '../../protocol/operations.ts';
import type { Member } from '../cluster/membership.ts';
import type { Store } from '../redis/connect.ts';
import type { EventLog } from './event-log.ts';
import { ReplicaHistory } from './replica-history.ts';

const EVENTS_SHOWN = 40;
/** How often the edge is asked for its certificates while a page is open. */
const CHAIN_MS = 30_000;
/** The same for the state of the edge and Redis. */
const FIGURES_MS = 2000;
/** The most bytes to keep for a page that does not read. */
const MOST_BUFFERED = 1 << 20;

export interface PageFeedOptions {
  readonly replica: string;
  readonly design: string;
  readonly members: () => readonly Member[];
  /** Whether the announcements of other replicas arrive. */
  readonly canHear: () => boolean;
  readonly log: EventLog;
  readonly lastRun: LastRun;
  readonly lookAtEdge: () => Promise<ServedChain>;
  readonly readEdge: () => Promise<EdgeNow>;
  readonly readStore: () => Promise<StoreNow>;
  readonly now?: () => number;
}

/** The data for operations pages: the state of each replica, events, the edge's certificate and the last load run. */
export class PageFeed {
  readonly #options: PageFeedOptions;
  readonly #history = new ReplicaHistory();
  readonly #viewers = new Set<WebSocket>();
  readonly #told = new Map<string, string>();
  #lookedAt = -Infinity;
  #readAt = -Infinity;

  constructor(options: PageFeedOptions) {
    this.#options = options;
  }

  /** To be called once a second: takes the members, and sends changes to the open pages. */
  tick(): void {
    const now = this.#now();
    const { log, members, canHear } = this.#options;
    for (const { replica, startedAt, isBack } of this.#history.take(members(), now, canHear())) {
      const text = isBack ? 'ended without a drain and was started again' : 'fell silent without a drain';
      void log.noteOnce(`gone:${replica}:${startedAt}`, 'gone', text, replica);
    }
    if (this.#viewers.size === 0) return;
    this.#tell({ type: 'tick', now, replicas: this.#history.replicas });
    void this.#refresh(now);
  }

  /** Adds a page. It gets everything, and from then on each change. */
  add(viewer: WebSocket): void {
    this.#viewers.add(viewer);
    viewer.on('close', () => this.#viewers.delete(viewer));
    viewer.on('error', () => viewer.terminate());
    const { replica, design } = this.#options;
    const { samples: history, replicas } = this.#history;
    const now = this.#now();
    const first: OperationsMessage[] = [
      { type: 'hello', replica, design, history },
      { type: 'tick', now, replicas },
    ];
    for (const message of first) send(viewer, JSON.stringify(message));
    for (const text of this.#told.values()) send(viewer, text);
    void this.#refresh(now);
  }

  /** Keeps the report of a load run. Rejects if Redis does not answer. */
  async take(run: LoadRun): Promise<void> {
    await this.#options.lastRun.keep(run);
    this.#tellChange({ type: 'run', run });
  }

  /** The edge serves another certificate now, so the next tick asks for it. */
  lookAgain(): void {
    this.#lookedAt = -Infinity;
  }

  close(): void {
    for (const viewer of this.#viewers) viewer.close(1012, 'the replica stops');
  }

  /** The changes of Redis and the edge. While one of them does not answer, the page keeps its last state. */
  async #refresh(now: number): Promise<void> {
    const { log, lastRun, lookAtEdge, readEdge, readStore } = this.#options;
    const due = now - this.#lookedAt >= CHAIN_MS;
    if (due) this.#lookedAt = now;
    // A little less, as ticks come a little sooner or later.
    const areFiguresDue = now - this.#readAt >= FIGURES_MS - 500;
    if (areFiguresDue) this.#readAt = now;
    await Promise.allSettled([
      log.newest(EVENTS_SHOWN).then((events) => this.#tellChange({ type: 'events', events })),
      lastRun.read().then((run) => this.#tellChange({ type: 'run', run })),
      ...(due ? [lookAtEdge().then((chain) => this.#tellChange({ type: 'certificates', chain }))] : []),
      ...(areFiguresDue
        ? [
            readEdge().then((edge) => this.#tellChange({ type: 'edge', edge })),
            readStore().then((store) => this.#tellChange({ type: 'store', store })),
          ]
        : []),
    ]);
  }

  #tellChange(message: OperationsMessage): void {
    const text = JSON.stringify(message);
    if (this.#told.get(message.type) === text) return;
    this.#told.set(message.type, text);
    for (const viewer of this.#viewers) send(viewer, text);
  }

  #tell(message: OperationsMessage): void {
    const text = JSON.stringify(message);
    for (const viewer of this.#viewers) send(viewer, text);
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

function send(viewer: WebSocket, text: string): void {
  if (viewer.bufferedAmount > MOST_BUFFERED) viewer.terminate();
  else if (viewer.readyState === viewer.OPEN) viewer.send(text);
}

const KEY = 'gridlock:{ops}:run';
const KEEP_SECONDS = 30 * 24 * 60 * 60;

/** Reads the report of a load run, or returns a sentence about its fault. */
export function parseRun(text: string): LoadRun | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'The body is not JSON.';
  }
  const parsed = v.safeParse(LoadRun, value);
  return parsed.success ? parsed.output : fieldProblem(parsed.issues[0], 'the load run');
}

/** The report of the last load run, kept for thirty days. Its calls reject when Redis does not answer. */
export class LastRun {
  readonly #redis: Pick<Store, 'get' | 'set'>;

  constructor(redis: Pick<Store, 'get' | 'set'>) {
    this.#redis = redis;
  }

  async keep(run: LoadRun): Promise<void> {
    await this.#redis.set(KEY, JSON.stringify(run), 'EX', KEEP_SECONDS);
  }

  /** Null when there was none. */
  async read(): Promise<LoadRun | null> {
    const text = await this.#redis.get(KEY);
    const run = text === null ? '' : parseRun(text);
    return typeof run === 'string' ? null : run;
  }
}
