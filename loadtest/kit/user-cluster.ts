import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { askAnyStatus } from '../../infra/local/control.ts';
import { freePorts } from '../../infra/local/ports.ts';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { UserServerStatus } from '../../infra/local/system-status.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { type ClusterOptions, type Ending, onFreePorts, SupervisorRun, temporaryStateDir } from './cluster.ts';

const WAIT_MS = 120_000;

/** The user's own servers behind the edge, under test. */
export interface UserClusterRun {
  readonly url: string;
  readonly port: number;
  /** The root certificate's PEM, the only one a client should trust. */
  readonly ca: Buffer;
  readonly stateDir: string;
  readonly run: SupervisorRun;
  status(): Promise<UserServerStatus>;
  /** Resolves with the status when every server is up for the edge. */
  settled(): Promise<UserServerStatus>;
  /** Drains it, waits for its end, and removes its state directory. Safe to call twice. */
  stop(): Promise<Ending>;
}

export type UserClusterOptions = ClusterOptions & {
  /** The directory in which the command is run; default: the checkout. */
  directory?: string;
};

/** The variable with the working directory of the supervisor's user. */
export const givenIn = (directory: string): NodeJS.ProcessEnv => ({ GRIDLOCK_STARTED_IN: directory });

/**
 * Runs `npm start` with a command or upstreams on free ports and in a separate directory; resolves when it is ready.
 * @throws with everything the supervisor printed when it does not come up
 */
export async function startUserCluster(options: UserClusterOptions): Promise<UserClusterRun> {
  return onFreePorts(options, () => startOnce(options));
}

async function startOnce({ env, directory, ...flags }: UserClusterOptions): Promise<UserClusterRun> {
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const stateDir = flags.stateDir ?? temporaryStateDir();
  const paths = statePaths(stateDir);
  const run = new SupervisorRun(
    { port, httpPort, ...flags, stateDir },
    { ...givenIn(directory ?? path.resolve(import.meta.dirname, '../..')), ...env },
  );
  let stopped: Promise<Ending> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      run.process.kill('SIGTERM');
      const ending = await run.ended;
      if (flags.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
      return ending;
    })();
    return stopped;
  };
  const url = await run.line(/^ready (\S+)$/m).then(
    ([, found]) => found!,
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  const status = async () => {
    const found = await askAnyStatus(paths.controlSocket);
    if ('servers' in found) return found;
    throw new Error('Gridlock runs its own replicas there.');
  };
  return {
    url,
    port: flags.port ?? port,
    ca: readFileSync(path.join(paths.pki, 'root.pem')),
    stateDir,
    run,
    status,
    settled: () =>
      waitFor(
        async () => {
          const now = await status();
          return now.servers.every(({ up }) => up) && now.edge.pid !== undefined ? now : undefined;
        },
        { what: 'every server to be up', timeoutMs: WAIT_MS },
      ),
    stop,
  };
}
