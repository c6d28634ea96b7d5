import type { OperationsEventKind } from '../../protocol/operations.ts';
import type { Member } from '../cluster/membership.ts';
import type { Why } from '../cluster/shedding.ts';
import type { Config } from '../config.ts';
import type { Store } from '../redis/connect.ts';
import { EdgeStats } from './edge-stats.ts';
import { EventLog } from './event-log.ts';
import type { Metrics } from './metrics.ts';
import { LastRun, PageFeed } from './page-feed.ts';
import { PageServer } from './page-server.ts';
import { Rates } from './rates.ts';
import type { OpsStats } from './replica-history.ts';
import { lookAtEdge } from './served-chain.ts';
import { StoreStats } from './store-stats.ts';

const EVERY_MS = 1000;
/** Errors of Redis come in swarms, so one event stands for all errors of a while. */
const REDIS_SILENCE_MS = 30_000;

export interface OpsOptions {
  readonly config: Pick<
    Config,
    'appId' | 'design' | 'allowedOrigins' | 'edgeAddress' | 'edgeMetricsUrl' | 'rootsFile' | 'webRoot' | 'internalHost'
  >;
  readonly metrics: Metrics;
  readonly redis: Store;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** The reports of a replica to its operators, and the history that it keeps for them. */
export class Ops {
  readonly log: EventLog;
  readonly server: PageServer;
  readonly #options: OpsOptions;
  readonly #pageFeed: PageFeed;
  readonly #rates: Rates;
  #members: { readonly members: readonly Member[] } = { members: [] };
  #readiness: { readonly reason: string | undefined } = { reason: 'not started' };
  #timer: NodeJS.Timeout | undefined;
  #beat = 0;
  #page: string | undefined;
  #redisSilentUntil = 0;
  #taken = { dead: 0, silent: 0 };
  readonly #sheds = new ShedTally();

  constructor(options: OpsOptions) {
    const { config, metrics, redis, now } = options;
    this.#options = options;
    this.#rates = new Rates(metrics);
    const onNoted = (kind: OperationsEventKind) => metrics.events.inc({ kind });
    this.log = new EventLog({ redis, replica: config.appId, now, onNoted });
    const [origin = ''] = [...config.allowedOrigins].filter((one) => one.startsWith('https:'));
    const { edgeAddress: address, rootsFile } = config;
    const edge = new EdgeStats(config.edgeMetricsUrl);
    const store = new StoreStats(redis);
    this.#pageFeed = new PageFeed({
      replica: config.appId,
      design: config.design,
      members: () => this.#members.members,
      canHear: () => this.#readiness.reason === undefined || this.#readiness.reason === 'draining',
      log: this.log,
      lastRun: new LastRun(redis),
      lookAtEdge: () => lookAtEdge({ origin, address, rootsFile }),
      readEdge: () => edge.read(now()),
      readStore: () => store.read(now()),
    });
    this.server = new PageServer({ pageFeed: this.#pageFeed, webRoot: config.webRoot });
  }

  /** Begins to observe, once all parts exist. */
  watch(membership: { readonly members: readonly Member[] }, readiness: { readonly reason: string | undefined }): void {
    [this.#members, this.#readiness] = [membership, readiness];
    this.#timer = setInterval(() => void this.#tick(), EVERY_MS);
  }

  /** The fields that other replicas get, in addition to its standing. */
  get stats(): OpsStats {
    const { events, moves, p99 } = this.#rates;
    const { reason } = this.#readiness;
    return {
      events,
      moves,
      p99,
      beat: this.#beat,
      memory: residentBytes(),
      ...(reason === undefined ? {} : { reason }),
      ...(this.#page === undefined ? {} : { page: this.#page }),
    };
  }

  /** The address of the internal listener. Pages link to it if only this machine can reach it. */
  listening(internalUrl: string): void {
    if (/^(127\.|localhost$|::1$)/.test(this.#options.config.internalHost)) this.#page = `${internalUrl}/ops/`;
  }

  readinessChanged(ready: boolean, reason: string | undefined): void {
    if (ready) void this.log.note('ready', 'takes players');
    // A drain is reported separately.
    else if (reason !== 'draining') void this.log.note('not_ready', reason ?? 'for no reason it knows');
  }

  /** A game was taken from a holder. All takeovers of one second are one event. */
  gameTaken(from: 'nobody' | 'dead' | 'silent'): void {
    if (from !== 'nobody') this.#taken[from] += 1;
  }

  /** Connections are sent away. All within a few seconds are one event. */
  shedding(count: number, why: Why): void {
    this.#sheds.add(count, why, performance.now());
  }

  redisFailed(connection: string, message: string): void {
    if (performance.now() < this.#redisSilentUntil) return;
    this.#redisSilentUntil = performance.now() + REDIS_SILENCE_MS;
    void this.log.note('redis', `Redis does not answer as it should (${connection}): ${message}`);
  }

  /** Resolves when it is noted, or cannot be. */
  draining(sockets: number): Promise<void> {
    this.#noteSheds(true);
    return this.log.note('drain', `drains and sends away ${sockets} sockets`);
  }

  /** The certificate of the edge was replaced. */
  rotated(): void {
    this.#pageFeed.lookAgain();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.server.close();
  }

  async #tick(): Promise<void> {
    await this.#rates.read();
    this.#beat += 1;
    for (const from of ['dead', 'silent'] as const) {
      const count = this.#taken[from];
      if (count === 0) continue;
      this.#taken[from] = 0;
      void this.log.note('takeover', `took over ${count} ${count === 1 ? 'game' : 'games'} of a ${from} owner`);
    }
    this.#noteSheds();
    this.#pageFeed.tick();
  }

  #noteSheds(all = false): void {
    for (const text of this.#sheds.take(performance.now(), all)) void this.log.note('shed', text);
  }
}

const TEXT: Readonly<Record<Why, (sockets: string) => string>> = {
  mean: (sockets) => `sent ${sockets} to replicas with fewer`,
  probe: (sockets) => `sent ${sockets} to see where the edge sends their games now`,
  moved: (sockets) => `sent ${sockets} after a game that is held elsewhere now`,
  asked: (sockets) => `sent ${sockets} away, as an operator asked`,
};

/** An event is complete when nothing more was sent away for this long. */
const QUIET_MS = 5000;
/** The longest time until an event is reported. */
const LONGEST_MS = 30_000;

interface Shed {
  count: number;
  readonly since: number;
  last: number;
}

/** Sums the sockets sent away in each second into one event for the operator. */
export class ShedTally {
  readonly #sheds = new Map<Why, Shed>();

  /** `now` in milliseconds of any clock, the same for both calls. */
  add(count: number, why: Why, now: number): void {
    const shed = this.#sheds.get(why);
    if (shed === undefined) this.#sheds.set(why, { count, since: now, last: now });
    else Object.assign(shed, { count: shed.count + count, last: now });
  }

  /** The sentences that are due, or with `all` every one; each once. */
  take(now: number, all = false): string[] {
    const due = [...this.#sheds].filter(
      ([, { since, last }]) => all || now - last >= QUIET_MS || now - since >= LONGEST_MS,
    );
    return due.map(([why, { count }]) => {
      this.#sheds.delete(why);
      return TEXT[why](count === 1 ? '1 socket' : `${count} sockets`);
    });
  }
}

let known = 0;

/**
 * Resident bytes of this process. The system reports them in a file. Without a free descriptor, the last value counts.
 */
export function residentBytes(): number {
  try {
    known = process.memoryUsage.rss();
  } catch {
    // Too many files are open.
  }
  return known;
}
