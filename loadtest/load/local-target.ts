import { existsSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../infra/config/config.ts';
import { serversUp } from '../../infra/edge/haproxy.ts';
import { askStatus } from '../../infra/local/control.ts';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { RunningStatus } from '../../infra/local/system-status.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { UsageError } from '../../infra/usage-error.ts';
import { ONE_ADDRESS, startCluster } from '../kit/cluster.ts';
import { processTree } from '../kit/process-usage.ts';
import { RotationWorker } from '../rotation/rotation-worker.ts';
import { readEdgeLimits } from './edge-limits.ts';
import { tellAt, tellOneOf } from './operations-page.ts';
import type { RotationStep, Target } from './target.ts';

const WHOLE_MS = 60_000;

/** All load comes from one address, with as many players as a machine can hold. */
const GENEROUS = {
  maxConnections: 9300,
  connectionsPerAddress: 100_000,
  connectionRatePerAddress: 500_000,
  requestRatePerAddress: 500_000,
  refusedRatePerAddress: 500_000,
  connectionRate: 20_000,
  handshakeRate: 5000,
};

/** The worker of HAProxy's master, which holds the sockets; the process itself when no worker is visible. */
function workerOf(master: number | undefined): number | undefined {
  if (master === undefined || !existsSync(`/proc/${master}`)) return master;
  return processTree(master)[1];
}

export interface OwnOptions {
  /** Whether the edge keeps its own limits for one address. */
  readonly strict?: boolean | undefined;
  readonly replicas: number;
  readonly design: 'stateless' | 'stateful';
}

/** A cluster on free ports, in a separate directory, that ends with the run. */
export async function ownTarget({ replicas, design, strict = false }: OwnOptions): Promise<Target> {
  const cluster = await startCluster({
    replicas,
    design,
    drainMs: 3000,
    ...(strict ? {} : { ...GENEROUS, env: ONE_ADDRESS }),
  });
  const target = processesTarget(
    'own',
    cluster.stateDir,
    await cluster.status(),
    async () => void (await cluster.stop()),
  );
  return {
    ...target,
    endings: () => cluster.run.stdout.split('\n').filter((line) => line.includes('; restarting in')),
  };
}

/** The cluster that `npm start` runs. @throws UsageError when there is none */
export async function runningTarget(given?: string): Promise<Target> {
  const stateDir = given ?? readConfig().stateDir;
  const status = await askStatus(statePaths(stateDir).controlSocket).catch((error: Error) => {
    if (error instanceof UsageError) throw error;
    return undefined;
  });
  if (!status) throw new UsageError(`No cluster runs in ${path.resolve(stateDir)}: npm start brings one up.`);
  return processesTarget('local', stateDir, status, async () => undefined);
}

function processesTarget(name: string, stateDir: string, first: RunningStatus, end: () => Promise<void>): Target {
  const paths = statePaths(stateDir);
  const status = () => askStatus(paths.controlSocket);
  let rotationWorker: RotationWorker | undefined;

  /** Resolves when all processes run and serve again, and the given one is replaced. */
  const whole = (gone: number) =>
    waitFor(
      async () => {
        const now = await status();
        const up = await serversUp(paths.runtimeSocket).catch(() => [] as string[]);
        const parts = [now.redis.pid, workerOf(now.edge.pid), ...now.replicas.map(({ pid }) => pid)];
        const ready = now.replicas.every((replica) => replica.ready && up.includes(replica.name));
        return ready && !parts.includes(gone) && !parts.includes(undefined) ? now : undefined;
      },
      { what: 'the cluster to be whole again', timeoutMs: WHOLE_MS },
    );
  const replaced = async (what: string, signal: NodeJS.Signals, of: (now: RunningStatus) => number | undefined) => {
    const pid = of(await status());
    if (pid === undefined) throw new UsageError(`${what} has no process at the moment.`);
    process.kill(pid, signal);
    await whole(pid);
    return `${what} is back`;
  };

  return {
    name,
    url: first.url,
    status,
    trustFile: () => path.join(paths.pki, 'roots.pem'),
    processes: async () => {
      const now = await status();
      const named = [
        ['redis', now.redis.pid],
        ['edge', now.edge.pid],
        ...now.replicas.map((replica) => [replica.appId, replica.pid] as const),
      ] as const;
      return Object.fromEntries(named.flatMap(([part, pid]) => (pid === undefined ? [] : [[part, [pid]]])));
    },
    tellOperations: async (run) =>
      tellOneOf((await status()).replicas, ({ internalPort }) => tellAt(`http://127.0.0.1:${internalPort}`, run)),
    faults: {
      'a replica': {
        strike: () => replaced('a replica', 'SIGKILL', ({ replicas }) => replicas[0]?.pid),
        closes: 'replica',
      },
      Redis: { strike: () => replaced('Redis', 'SIGKILL', ({ redis }) => redis.pid), closes: 'none' },
      "the edge's worker": {
        strike: () => replaced("the edge's worker", 'SIGKILL', ({ edge }) => workerOf(edge.pid)),
        closes: 'all',
      },
    },
    rollOut: async (told) => {
      const { replicas } = await status();
      for (const [index, { appId }] of replicas.entries()) {
        await replaced(appId, 'SIGTERM', (now) => now.replicas[index]?.pid);
        told(`${appId} is a new one`);
      }
      return `${replicas.length} replicas replaced`;
    },
    limits: readEdgeLimits(paths.edgeConfig),
    rotate: async (step: RotationStep) => {
      rotationWorker ??= new RotationWorker(paths.pki);
      await rotationWorker.ready();
      const { serialNumber, edge } = await rotationWorker.do(step);
      return `${step}, ${edge} by the edge, serial ${serialNumber.slice(-8)}`;
    },
    stop: async () => {
      await rotationWorker?.stop();
      await end();
    },
  };
}
