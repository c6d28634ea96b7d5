import type { WebSocket } from 'ws';
import type { LoadRun, OperationsMessage, ServedChain } from '../../protocol/operations.ts';
import type { Member } from '../cluster/membership.ts';
import type { EventLog } from './event-log.ts';
import type { LastRun } from './last-run.ts';
import { OpsHistory } from './replica-history.ts';

const EVENTS_SHOWN = 40;
/** How often the edge is asked for its certificates while somebody looks. */
const CHAIN_MS = 30_000;
/** A page that does not read is no reason to keep what it does not read. */
const MOST_BUFFERED = 1 << 20;

export interface OperationsOptions {
  readonly replica: string;
  readonly design: string;
  readonly roster: { readonly members: readonly Member[] };
  /** Whether what the others say comes through. */
  readonly canHear: () => boolean;
  readonly log: EventLog;
  readonly lastRun: LastRun;
  readonly lookAtEdge: () => Promise<ServedChain>;
  readonly now?: () => number;
}

/** What operations pages are told: how each replica is, what happened, what the edge shows, the last load run. */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #history = new OpsHistory();
  readonly #viewers = new Set<WebSocket>();
  readonly #told = new Map<string, string>();
  #lookedAt = -Infinity;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** Once a second: takes the roster, and tells whoever looks what is new. */
  tick(): void {
    const now = this.#now();
    const { log, roster, canHear } = this.#options;
    for (const { replica, startedAt, isBack } of this.#history.take(roster.members, now, canHear())) {
      const text = isBack ? 'ended without a drain and was started again' : 'fell silent without a drain';
      void log.noteOnce(`gone:${replica}:${startedAt}`, 'gone', text, replica);
    }
    if (this.#viewers.size === 0) return;
    this.#tell({ type: 'tick', now, replicas: this.#history.replicas });
    void this.#refresh(now);
  }

  /** A page has come: it gets everything, and from then on what changes. */
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

  /** Keeps what a load run says. Rejects when Redis does not answer. */
  async take(run: LoadRun): Promise<void> {
    await this.#options.lastRun.keep(run);
    this.#tellChange({ type: 'run', run });
  }

  close(): void {
    for (const viewer of this.#viewers) viewer.close(1012, 'the replica stops');
  }

  /** What of Redis and of the edge is new. While one of them does not answer, the page keeps what it has. */
  async #refresh(now: number): Promise<void> {
    const { log, lastRun, lookAtEdge } = this.#options;
    const due = now - this.#lookedAt >= CHAIN_MS;
    if (due) this.#lookedAt = now;
    await Promise.allSettled([
      log.newest(EVENTS_SHOWN).then((events) => this.#tellChange({ type: 'events', events })),
      lastRun.read().then((run) => this.#tellChange({ type: 'run', run })),
      ...(due ? [lookAtEdge().then((chain) => this.#tellChange({ type: 'certificates', chain }))] : []),
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
