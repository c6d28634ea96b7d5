import { randomBytes } from 'node:crypto';
import { type Cluster, Redis } from 'ioredis';
import { Refusal } from '../authority/game-authority.ts';
import { type Store, storeFailure } from '../redis/connect.ts';
import { Batch, defineScript } from '../redis/scripts.ts';
import { continues, isSafe, readServer, type ServerFacts, versionProblem } from '../redis/server.ts';
import type { Topology } from '../redis/settings.ts';
import { turn } from '../transport/turn.ts';
import type { LogEntry, Position } from './history.ts';
import { RollCall } from './roll-call.ts';
import { Sightings } from './sightings.ts';

type Argument = string | number;
export type Reply = [tag: string, ...rest: unknown[]];

/** Runs one script on a history: its head is the first key. */
export type HistoryScript = (keys: readonly string[], args: readonly Argument[]) => Promise<Reply>;

/** Decisions in a row about the life of one history before giving up: each is a restart of Redis. */
const ATTEMPTS = 4;
/** How long to wait for room in the store, in milliseconds: games are short. */
const FULL_MS = 5000;
const UNKNOWN = '- - 0';
/** Moves that one script carries out at most: a millisecond or two in which Redis does nothing else. */
const MOST_TOGETHER = 64;

export interface HistoryStoreOptions {
  readonly redis: Store;
  readonly topology: Topology['kind'];
  /** The name of this replica. No two running replicas have the same name. */
  readonly replica: string;
  /** Called with each warning about Redis once, as a sentence. */
  readonly onNotice?: (sentence: string) => void;
  /** Called if this Redis cannot be used. */
  readonly onUnusable?: (sentence: string) => void;
  /** Called every few seconds with the reports of the primaries. */
  readonly onInspected?: (servers: readonly ServerFacts[]) => void;
}

/**
 * The histories in Redis: games and channels, each with a seq and an epoch. A pair of these is never used twice: a
 * history that may have lost its tail opens a new epoch before the next write.
 */
export class HistoryStore {
  readonly redis: Store;
  readonly sightings = new Sightings();
  readonly #rollCall: RollCall;
  readonly #options: HistoryStoreOptions;
  readonly #notices = new Set<string>();
  readonly #adopt: RawScript;
  readonly #renew: HistoryScript;
  readonly #after: HistoryScript;
  readonly #position: HistoryScript;
  /** `<life> <run> <durable>` of the server there is. */
  #known = UNKNOWN;
  #fullness = 0;

  constructor(options: HistoryStoreOptions) {
    this.redis = options.redis;
    this.#options = options;
    this.#adopt = this.#raw([file('life'), file('adopt')]);
    this.#rollCall = new RollCall({
      replica: options.replica,
      sightings: this.sightings,
      sight: this.#raw([file('life'), file('sight')]),
      sign: this.#raw([file('life'), file('sign')]),
      newEpoch,
      onNotice: (sentence) => this.#notice(sentence),
    });
    this.#renew = this.define([file('renew')]);
    this.#after = this.define([file('after')]);
    this.#position = this.defineMany([file('position')]);
  }

  /**
   * A script made of the files, joined in order. Files in `library` only define functions; the others run after the
   * guard of the epoch.
   */
  define(files: readonly URL[], library: readonly URL[] = []): HistoryScript {
    const script = this.#raw([...GUARD, ...library, file('one'), ...files]);
    return this.#decided((keys, args) => script(keys, [...args, this.#known]));
  }

  /**
   * The same for frequent requests, of which many are carried out at once. The files define the function `each`, which
   * gives the reply to one request, and `open`, which is given the index of its first key.
   */
  defineMany(files: readonly URL[]): HistoryScript {
    const script = this.#raw([...GUARD, ...files, file('many')]);
    const batch = new Batch<Reply>({
      script: (keys, args) => script(keys, [...args, this.#known]).then((reply) => reply[1] as Reply[]),
      turn,
      // In a cluster a script takes the keys of one slot only.
      most: this.#options.topology === 'cluster' ? 1 : MOST_TOGETHER,
    });
    return this.#decided((keys, args) => batch.run(keys, args));
  }

  /** Runs a script again once it is clear whether the history lost anything. */
  #decided(script: HistoryScript): HistoryScript {
    return async (keys, args) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const reply = await script(keys, args);
        const [tag] = reply;
        if (tag === 'refused') throw refusalOf(reply[1] as Refusal['code']);
        if (tag === 'failed') throw storeFailure(replyError(reply[1] as string));
        if (tag !== 'stranger') return reply;
        await this.#meet(keys[0]!, reply as [string, string, string, string]);
      }
      throw new Refusal('unavailable', undefined, 1000);
    };
  }

  /** The entries after a position; undefined when the history is another one, or gone. */
  async after(head: string, stream: string, { epoch, seq }: Position): Promise<LogEntry[] | undefined> {
    const reply = await this.#after([head, stream], [epoch, seq]);
    if (reply[0] !== 'entries') return undefined;
    const entries = (reply[1] as RawEntry[]).map(toEntry);
    const newest = entries.at(-1);
    if (newest) this.sightings.note(head, epoch, newest.seq);
    return entries;
  }

  /** The newest entry of a history; undefined when it is gone. */
  async position(head: string): Promise<Position | undefined> {
    const [, epoch, seq] = await this.#position([head], []);
    return typeof epoch === 'string' ? { epoch, seq: Number(seq) } : undefined;
  }

  /** Called when somebody has seen more of this epoch than the store has. */
  async renew(head: string, epoch: string): Promise<void> {
    await this.#renew([head], [epoch, newEpoch()]);
  }

  /** The used part of `maxmemory` a few seconds ago, 0 to 1. In a cluster, that of the fullest primary. */
  get fullness(): number {
    return this.#fullness;
  }

  /** Learns about the server: after each connection, and from time to time. */
  async inspect(): Promise<void> {
    const { topology, onUnusable } = this.#options;
    const nodes = this.redis instanceof Redis ? [this.redis] : (this.redis as Cluster).nodes('master');
    const servers = await Promise.all(nodes.map(readServer));
    this.#options.onInspected?.(servers);
    this.#fullness = Math.max(0, ...servers.map(({ fullness }) => fullness));
    for (const { version, eviction } of servers) {
      const problem = versionProblem(version);
      if (problem !== undefined) onUnusable?.(problem);
      if (eviction !== undefined) {
        this.#notice(
          `Redis throws away parts of games when it is full (maxmemory-policy ${eviction}): set it to noeviction.`,
        );
      }
    }
    this.sightings.age();
    if (topology !== 'single' || !servers[0]) return;
    await this.#know(servers[0]);
    await this.#rollCall.sign(servers[0].life);
  }

  /** This replica leaves and receives no more requests. */
  async leave(): Promise<void> {
    if (this.#options.topology === 'single') await this.#rollCall.leave();
  }

  async #know(server: ServerFacts): Promise<void> {
    const { life, runId, isDurable } = server;
    if (isDurable === undefined) {
      this.#notice('Redis does not tell how it persists (CONFIG GET appendfsync): each restart opens new epochs.');
    }
    // This replica reports what it saw before, and only then takes part in the life.
    await this.#rollCall.enter(life);
    this.#known = `${life} ${runId || '-'} ${isSafe(server) ? 1 : 0}`;
  }

  async #meet(head: string, [, life, run, durable]: [string, string, string, string]): Promise<void> {
    const { topology } = this.#options;
    let isSame = false;
    try {
      if (this.redis instanceof Redis && topology === 'single') {
        const server = await readServer(this.redis);
        await this.#know(server);
        isSame =
          continues({ life, run, durable: durable === '1' }, server, topology) &&
          (await this.#rollCall.isComplete(server.life));
      }
      // The history does not exist yet. Only the knowledge about the server was old.
      if (life !== '') await this.#adopt([head], [life, isSame ? '' : newEpoch(), this.#known]);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  #notice(sentence: string): void {
    if (this.#notices.has(sentence)) return;
    this.#notices.add(sentence);
    this.#options.onNotice?.(sentence);
  }

  #raw(files: readonly URL[]): RawScript {
    const run = defineScript(this.redis, files);
    return (keys, args) =>
      run(keys, args).catch((error: unknown) => {
        throw storeFailure(error);
      }) as Promise<Reply>;
  }
}

const refusalOf = (code: Refusal['code']) =>
  new Refusal(code, undefined, code === 'cluster_full' ? FULL_MS : undefined);

export const newEpoch = (): string => randomBytes(9).toString('base64url');

const file = (name: string) => new URL(`./lua/${name}.lua`, import.meta.url);
const GUARD = [file('life'), file('guard')];
/** The error that the client would have made from the reply of Redis. */
const replyError = (text: string) => Object.assign(new Error(text.replace(/^-/, '')), { name: 'ReplyError' });

type RawScript = (keys: readonly string[], args: readonly Argument[]) => Promise<Reply>;
export type RawEntry = [id: string, fields: string[]];

export const toEntry = ([id, fields]: RawEntry): LogEntry => ({ seq: Number.parseInt(id, 10), text: fields[1]! });
