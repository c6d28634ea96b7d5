import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { RunningStatus } from '../../infra/local/system-status.ts';
import { waitFor } from '../../infra/local/wait.ts';
import type { AppName } from '../kit/apps/index.ts';
import { type Cluster, ONE_ADDRESS, startCluster, temporaryStateDir } from '../kit/cluster.ts';
import type { Design } from '../kit/options.ts';
import { Link } from './link.ts';

export type Persistence = 'always' | 'everysec';

const PRELOAD = pathToFileURL(path.join(import.meta.dirname, 'preload.ts')).href;
/** A clock that is right to this many milliseconds shows what it was set to. */
const CLOCK_TOLERANCE_MS = 2000;
const PATIENCE_MS = 10_000;

/** A real cluster of four replicas. Each has its own link to Redis and a clock that can be set. */
export class FaultyCluster {
  readonly cluster: Cluster;
  readonly design: Design;
  readonly links: ReadonlyMap<string, Link>;
  readonly #clocks: string;
  #persistence: Persistence = 'always';

  private constructor(cluster: Cluster, design: Design, links: ReadonlyMap<string, Link>, clocks: string) {
    this.cluster = cluster;
    this.design = design;
    this.links = links;
    this.#clocks = clocks;
  }

  static async start(design: Design, app: AppName, replicas = 4): Promise<FaultyCluster> {
    const stateDir = temporaryStateDir();
    const { redisConfig } = statePaths(stateDir);
    const clocks = mkdtempSync(path.join(os.tmpdir(), 'gridlock-clocks-'));
    const target = () => Number(/^port (\d+)$/m.exec(readFileSync(redisConfig, 'utf8'))![1]);
    const links = new Map<string, Link>();
    try {
      for (let number = 1; number <= replicas; number++) {
        links.set(String(number).repeat(4), await Link.start(() => ({ host: '127.0.0.1', port: target() })));
      }
      const ports = Object.fromEntries([...links].map(([appId, { port }]) => [appId, port]));
      const env = {
        NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${PRELOAD}`.trim(),
        CHAOS_REDIS_PORTS: JSON.stringify(ports),
        CHAOS_CLOCKS: clocks,
      };
      return new FaultyCluster(
        await startCluster({ design, app, replicas, stateDir, env: { ...ONE_ADDRESS, ...env } }),
        design,
        links,
        clocks,
      );
    } catch (error) {
      await Promise.all([...links.values()].map((link) => link.stop()));
      for (const directory of [stateDir, clocks]) rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get appIds(): string[] {
    return [...this.links.keys()];
  }

  status(): Promise<RunningStatus> {
    return this.cluster.status();
  }

  /** Process ids by name; a name whose process is being restarted is left out. */
  async processes(): Promise<Map<string, number>> {
    const { edge, redis, replicas } = await this.status();
    const all: [string, number | undefined][] = [
      ['haproxy', edge.pid],
      ['redis', redis.pid],
      ...replicas.map(({ name, pid }) => [name, pid] as [string, number | undefined]),
    ];
    return new Map(all.filter((entry): entry is [string, number] => entry[1] !== undefined));
  }

  /** Resolves when the process of that name is no longer `pid`. */
  async replaced(name: string, pid: number): Promise<void> {
    const isOther = async () => (await this.processes()).get(name) !== pid || undefined;
    await waitFor(isOther, { what: `the end of ${name}`, timeoutMs: PATIENCE_MS, intervalMs: 10 });
  }

  /** Makes Redis persist in this way, with a restart if it does not yet. */
  async persist(persistence: Persistence): Promise<void> {
    if (persistence === this.#persistence) return;
    this.#persistence = persistence;
    const { redisConfig } = statePaths(this.cluster.stateDir);
    const text = readFileSync(redisConfig, 'utf8').replace(/^appendfsync \w+$/m, `appendfsync ${persistence}`);
    // A reader finds the old file or the new one, never half of one.
    writeFileSync(`${redisConfig}.new`, text, { mode: 0o600 });
    renameSync(`${redisConfig}.new`, redisConfig);
    await this.cluster.killRedis('SIGTERM');
    await this.cluster.settled();
  }

  /** Cuts bytes off the end of the log of a stopped Redis, as a power cut may; returns their number. */
  forget(bytes: number): number {
    const directory = path.join(statePaths(this.cluster.stateDir).redis, 'appendonlydir');
    const newest = readdirSync(directory)
      .filter((name) => name.endsWith('.incr.aof'))
      .sort((left, right) => left.localeCompare(right, undefined, { numeric: true }))
      .at(-1);
    if (newest === undefined) return 0;
    const file = path.join(directory, newest);
    const { size } = statSync(file);
    const taken = Math.min(bytes, size);
    truncateSync(file, size - taken);
    return taken;
  }

  /** Sets the clock of a replica off by a number of milliseconds; resolves when the replica shows it. */
  async setClock(appId: string, offsetMs: number): Promise<void> {
    const { replicas } = await this.status();
    const { pid } = replicas.find((replica) => replica.appId === appId) ?? {};
    if (pid === undefined) throw new Error(`The replica ${appId} does not run.`);
    const file = path.join(this.#clocks, appId);
    rmSync(`${file}.shows`, { force: true });
    writeFileSync(file, String(offsetMs));
    const askedAt = Date.now();
    process.kill(pid, 'SIGUSR2');
    const shows = async () => Number(readFileSync(`${file}.shows`, 'utf8'));
    const shown = await waitFor(shows, { what: `the clock of ${appId}`, timeoutMs: PATIENCE_MS, intervalMs: 5 });
    // The clock was read at some moment between the signal and now.
    const rightAt = shown - offsetMs;
    if (rightAt < askedAt - CLOCK_TOLERANCE_MS || rightAt > Date.now() + CLOCK_TOLERANCE_MS) {
      throw new Error(`The clock of ${appId} was set wrong by ${offsetMs} ms and shows ${shown - Date.now()} ms.`);
    }
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    for (const link of this.links.values()) {
      link.slow(undefined);
      if (link.isHeld) link.release();
    }
    await this.cluster.stop();
    await Promise.all([...this.links.values()].map((link) => link.stop().catch(() => undefined)));
    for (const directory of [this.cluster.stateDir, this.#clocks]) rmSync(directory, { recursive: true, force: true });
  }
}
