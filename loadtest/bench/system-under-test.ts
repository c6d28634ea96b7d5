import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { runtimeCommand, serversUp } from '../../infra/edge/haproxy.ts';
import { freePorts } from '../../infra/local/ports.ts';
import { pingRedis } from '../../infra/local/redis-process.ts';
import { ensureSecret } from '../../infra/local/state-dir.ts';
import { type StatePaths, statePaths } from '../../infra/local/state-paths.ts';
import { waitFor } from '../../infra/local/wait.ts';
import type { Tiers } from '../kit/process-usage.ts';
import { isGridlock } from './dialects/index.ts';
import { genericEdge } from './generic-edge.ts';
import { joinCluster, nodeCommand, planNodes } from './redis-nodes.ts';
import type { Command, System } from './systems/system.ts';

const READY_MS = 30_000;
const LOG_BYTES = 2000;

export interface SystemOptions {
  readonly replicas: number;
  /** The binaries that are used. */
  readonly haproxy: string;
  readonly redis: string;
  /** A chain made by the project's authority: the same leaf for every system. */
  readonly pki: string;
}

/** One running system: Redis, the replicas and the edge, each in separate processes. */
export class SystemUnderTest {
  readonly port: number;
  readonly #paths: StatePaths;
  readonly #children = new Map<string, ChildProcess>();

  private constructor(paths: StatePaths, port: number) {
    this.#paths = paths;
    this.port = port;
  }

  static async start(system: System, { replicas, haproxy, redis, pki }: SystemOptions): Promise<SystemUnderTest> {
    const count = system.isSingle ? 1 : replicas;
    const masters = system.redisMasters ?? 1;
    const ports = await freePorts(2 + 2 * masters + 2 * count);
    const [port, httpPort] = ports as [number, number];
    const nodes = planNodes(system, ports.slice(2));
    const others = ports.slice(2 + 2 * masters);
    const paths = statePaths(mkdtempSync(path.join(os.tmpdir(), 'gridlock-bench-')));
    for (const directory of [paths.run, paths.logs, paths.redis]) mkdirSync(directory, { mode: 0o700 });
    cpSync(pki, paths.pki, { recursive: true });
    const stage = new SystemUnderTest(paths, port);
    try {
      const redisPassword = ensureSecret(paths.redisPassword);
      for (const redisNode of nodes) {
        const { cwd, ...command } = nodeCommand(redisNode, system, paths, redis);
        stage.#spawn(redisNode.name, command, cwd);
        await stage.#until(redisNode.name, () => pingRedis(paths, redisNode.port));
      }
      if (system.redisMasters !== undefined) await joinCluster(nodes, paths);
      const redisPorts = nodes.map((redisNode) => redisNode.port);
      const isOurs = isGridlock(system.dialect);
      const servers = Array.from({ length: count }, (_, index) => ({
        name: `ws${index + 1}`,
        port: others[2 * index]!,
        internalPort: isOurs ? others[2 * index + 1]! : others[2 * index]!,
        ...(isOurs ? { socket: `run/ws${index + 1}.sock` } : {}),
      }));
      servers.forEach(({ name, ...itsPorts }, index) => {
        const place = { number: index + 1, ...itsPorts, redisPorts, redisPassword, directory: paths.root };
        stage.#spawn(name, system.replica(place), paths.root);
      });
      for (const { name, internalPort } of servers) {
        await stage.#until(name, () => answers(internalPort, system.readyPath));
      }
      const edge = genericEdge(paths, { binary: haproxy, port, httpPort, servers, readyPath: system.readyPath });
      stage.#spawn('edge', { ...edge, env: process.env }, paths.root);
      await stage.#until('the edge', async () =>
        (await serversUp(paths.runtimeSocket)).length === count ? true : undefined,
      );
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  /** The processes of each tier. */
  get tiers(): Tiers {
    const pids = (isOne: (name: string) => boolean) =>
      [...this.#children].flatMap(([name, { pid }]) => (isOne(name) && pid !== undefined ? [pid] : []));
    return {
      replicas: pids((name) => name.startsWith('ws')),
      redis: pids((name) => name.startsWith('redis')),
      edge: pids((name) => name === 'edge'),
    };
  }

  /** The same, one of the replicas left out. */
  tiersWithout(replica: number): Tiers {
    const pid = this.#children.get(`ws${replica}`)?.pid;
    return { ...this.tiers, replicas: this.tiers['replicas']!.filter((other) => other !== pid) };
  }

  /** Sends a signal to replica 1, 2, ... */
  signalReplica(number: number, signal: NodeJS.Signals): void {
    this.#children.get(`ws${number}`)?.kill(signal);
  }

  /** Resolves when every replica, each a Node that `node` of `systems/system.ts` began, has collected its garbage. */
  async collectGarbage(): Promise<void> {
    await Promise.all(
      this.tiers['replicas']!.map(async (pid) => {
        const told = path.join(this.#paths.root, `collected-${pid}`);
        rmSync(told, { force: true });
        process.kill(pid, 'SIGWINCH');
        const collected = async () => existsSync(told) || undefined;
        await waitFor(collected, { what: `pid ${pid} to collect its garbage`, timeoutMs: READY_MS, intervalMs: 20 });
      }),
    );
  }

  /** Resolves when no socket is left at the edge, which counts them to spread the next ones evenly. */
  async deserted(): Promise<void> {
    const isDeserted = async () => ((await sessionsAt(this.#paths.runtimeSocket)) === 0 ? true : undefined);
    await waitFor(isDeserted, { what: 'the edge to release all sockets', timeoutMs: READY_MS, intervalMs: 20 });
  }

  /** Ends all processes and removes their files. */
  async stop(): Promise<void> {
    await Promise.all(
      [...this.#children.values()].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
        const ended = once(child, 'exit');
        // HAProxy's worker is in the group of its master.
        process.kill(-child.pid, 'SIGKILL');
        await ended;
      }),
    );
    rmSync(this.#paths.root, { recursive: true, force: true });
  }

  #spawn(name: string, { command, args, env }: Command, cwd: string): void {
    const log = openSync(path.join(this.#paths.logs, `${name}.log`), 'a');
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.once('error', () => undefined);
    this.#children.set(name, child);
  }

  async #until(name: string, attempt: () => Promise<true | undefined>): Promise<void> {
    const child = this.#children.get(childOf(name))!;
    // In that case there is nothing to wait for.
    const ended = new AbortController();
    const end = () =>
      ended.abort(
        new Error(`${name} ended with ${child.exitCode ?? child.signalCode ?? 'no process'} before it was ready.`),
      );
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) end();
    child.once('exit', end);
    try {
      await waitFor(attempt, {
        what: `${name} to be ready`,
        timeoutMs: READY_MS,
        intervalMs: 20,
        signal: ended.signal,
      });
    } catch (error) {
      const file = path.join(this.#paths.logs, `${childOf(name)}.log`);
      throw new Error(`${(error as Error).message}\n${readFileSync(file, 'utf8').slice(-LOG_BYTES)}`);
    } finally {
      child.off('exit', end);
    }
  }
}

const childOf = (name: string) => (name === 'the edge' ? 'edge' : name);

/** Of all replicas together. */
async function sessionsAt(runtimeSocket: string): Promise<number> {
  const lines = (await runtimeCommand(runtimeSocket, 'show stat replicas 4 -1')).split('\n');
  const column = lines[0]!.split(',').indexOf('scur');
  return lines.slice(1).reduce((sum, line) => sum + Number(line.split(',')[column] ?? 0), 0);
}

function answers(port: number, pathname: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: pathname, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
