import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '../../infra/config/config.ts';
import { flagOf, LOCAL_KEYS, type LocalKey } from '../../infra/config/keys.ts';
import { serversUp } from '../../infra/edge/haproxy.ts';
import { askStatus } from '../../infra/local/control.ts';
import { freePorts } from '../../infra/local/ports.ts';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { ReplicaStatus, RunningStatus } from '../../infra/local/system-status.ts';
import { waitFor } from '../../infra/local/wait.ts';
import type { LIMIT_VARIABLES } from '../../services/server/limits.ts';

const CLI = path.join(import.meta.dirname, '../../cli/main.ts');
/** Longer than a start takes on a machine that is busy with other tests. */
const WAIT_MS = 120_000;

export type ClusterOptions = Partial<Omit<Config, 'stack'>> & {
  /** Variables for the supervisor and everything it starts, besides this process's own. */
  env?: NodeJS.ProcessEnv;
};

/** Lifts the limits of a replica for one address, for a generator that plays all players from there. */
export const ONE_ADDRESS: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      'SESSIONS_PER_MINUTE_PER_ADDRESS',
      'GAMES_PER_MINUTE_PER_ADDRESS',
      'MAX_GAMES_PER_ADDRESS',
      'REFUSALS_PER_MINUTE_PER_ADDRESS',
    ] satisfies (keyof typeof LIMIT_VARIABLES)[]
  ).map((name) => [name, '1000000']),
);

/** How a supervisor ended, and everything it printed. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** `npm start` without npm: the supervisor as its user runs it, with its output collected. */
export class SupervisorRun {
  readonly process: ChildProcess;
  readonly ended: Promise<Ending>;
  stdout = '';
  stderr = '';

  constructor(flags: Partial<Omit<Config, 'stack'>>, env: NodeJS.ProcessEnv = {}) {
    const args = (Object.keys(LOCAL_KEYS) as LocalKey[])
      .filter((key) => flags[key] !== undefined)
      .map((key) => `--${flagOf(key)}=${flags[key]}`);
    // The channel makes it leave if this process is killed.
    this.process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, 'start', ...args], {
      cwd: path.resolve(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    });
    this.process.stdout!.on('data', (chunk) => (this.stdout += String(chunk)));
    this.process.stderr!.on('data', (chunk) => (this.stderr += String(chunk)));
    this.ended = once(this.process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** Resolves when its output matches. @throws with that output when it ends before, or after two minutes */
  async line(pattern: RegExp): Promise<RegExpMatchArray> {
    const ended = new AbortController();
    void this.ended.then(({ code, signal, stdout, stderr }) => {
      ended.abort(new Error(`The supervisor ended with ${code ?? signal}:\n${stdout}${stderr}`));
    });
    const what = `${pattern} in the output of npm start`;
    const match = async () => this.stdout.match(pattern) ?? undefined;
    try {
      return await waitFor(match, { what, timeoutMs: WAIT_MS, intervalMs: 20, signal: ended.signal });
    } catch (error) {
      // The awaited line may have been its last output.
      return (await match()) ?? Promise.reject(error);
    }
  }
}

/** A running cluster under test. */
export interface Cluster {
  url: string;
  /** The root certificate's PEM, the only one a client should trust. */
  rootPem: string;
  stateDir: string;
  run: SupervisorRun;
  status(): Promise<RunningStatus>;
  /** Sends SIGKILL, or another signal, to replica 1, 2, ...; resolves when its process is gone. */
  killReplica(number: number, signal?: NodeJS.Signals): Promise<void>;
  killRedis(signal?: NodeJS.Signals): Promise<void>;
  killEdge(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves with the status when every process runs and every replica is ready and in the edge's rotation. */
  settled(): Promise<RunningStatus>;
  /** Resolves when the edge sends requests to exactly the replicas of these names (ws1, ws2, ...). */
  rotation(names: readonly string[]): Promise<void>;
  /** Drains it, waits for its end, and removes its state directory. Safe to call twice. */
  stop(): Promise<Ending>;
}

/** A new directory under the system's temporary one, short enough for the sockets in it. */
export const temporaryStateDir = (): string => mkdtempSync(path.join(os.tmpdir(), 'gridlock-'));

/**
 * Starts a cluster, by default on free ports and in a separate directory. Resolves when it is ready.
 * @throws with everything the supervisor printed when it does not come up
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return onFreePorts(options, () => startOnce(options));
}

/** Starts once more when another process took a port between the search for it and its use. */
export async function onFreePorts<T>({ port }: ClusterOptions, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (port !== undefined || !/ is in use on /.test((error as Error).message)) throw error;
    return start();
  }
}

async function startOnce({ env, ...options }: ClusterOptions): Promise<Cluster> {
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const stateDir = options.stateDir ?? temporaryStateDir();
  const paths = statePaths(stateDir);
  const run = new SupervisorRun({ drainMs: 300, port, httpPort, ...options, stateDir }, env);
  let stopped: Promise<Ending> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      run.process.kill('SIGTERM');
      const ending = await run.ended;
      if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
      return ending;
    })();
    return stopped;
  };
  let url: string;
  try {
    url = (await run.line(/^ready (\S+)$/m))[1]!;
  } catch (error) {
    await stop();
    throw error;
  }
  const status = () => askStatus(paths.controlSocket);
  const kill = async (part: (now: RunningStatus) => { pid?: number }, signal: NodeJS.Signals) => {
    const { pid } = part(await status());
    if (pid === undefined) throw new Error('It has no process at the moment.');
    process.kill(pid, signal);
    const noticed = async () => part(await status()).pid !== pid || undefined;
    await waitFor(noticed, {
      what: `the supervisor to see pid ${pid} end`,
      timeoutMs: WAIT_MS,
      intervalMs: 10,
    });
  };
  const replica =
    (number: number) =>
    ({ replicas }: RunningStatus): ReplicaStatus => {
      const found = replicas[number - 1];
      if (!found) throw new Error(`There is no replica ${number}.`);
      return found;
    };
  return {
    url,
    rootPem: readFileSync(path.join(paths.pki, 'root.pem'), 'utf8'),
    stateDir,
    run,
    status,
    stop,
    killReplica: (number, signal = 'SIGKILL') => kill(replica(number), signal),
    killRedis: (signal = 'SIGKILL') => kill(({ redis }) => redis, signal),
    killEdge: (signal = 'SIGKILL') => kill(({ edge }) => edge, signal),
    rotation: async (names) => {
      const wanted = [...names].sort().join();
      const same = async () => (await serversUp(paths.runtimeSocket)).sort().join() === wanted || undefined;
      await waitFor(same, { what: `${wanted} in the edge's rotation`, timeoutMs: WAIT_MS });
    },
    settled: () =>
      waitFor(
        async () => {
          const now = await status();
          const inRotation = await serversUp(paths.runtimeSocket);
          const up = now.replicas.every(
            ({ name, ready, pid }) => ready && pid !== undefined && inRotation.includes(name),
          );
          return up && now.redis.pid !== undefined && now.edge.pid !== undefined ? now : undefined;
        },
        { what: 'the cluster to be whole again', timeoutMs: WAIT_MS },
      ),
  };
}
