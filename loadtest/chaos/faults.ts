import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../infra/local/wait.ts';
import { processStart } from '../../infra/setup/process-identity.mjs';
import { childrenOf } from '../kit/process-usage.ts';
import type { Random } from '../kit/random.ts';
import type { FaultyCluster, Persistence } from './faulty-cluster.ts';
import type { Link } from './link.ts';

/** The effect of a fault. */
export interface Strike {
  /** As the end of a sentence about the round. */
  readonly what: string;
  /** The processes that the fault replaces. Any other process that ended did so wrongly. */
  readonly ended: readonly string[];
}

export interface Fault {
  readonly name: string;
  readonly about: string;
  /** How Redis persists in the rounds of this fault. */
  readonly persistence: Persistence;
  /** Redis loses data, and clients have to learn of it. */
  readonly mayLose?: boolean;
  /** Resolves when the fault is over. @throws when it did not strike */
  strike(stage: FaultyCluster, random: Random): Promise<Strike>;
}

const nameOf = (appId: string) => `ws${appId[0]}`;
const numberOf = (appId: string) => Number(appId[0]);

/** Longer than a lease of the stateful design, and long enough for the edge to see it. */
const STOPPED_MS = [1800, 3200] as const;
const TROUBLE_MS = [1500, 3000] as const;
const PATIENCE_MS = 30_000;

/** One link, some or all of them. */
function someLinks({ links }: FaultyCluster, random: Random): { names: string; struck: Link[] } {
  const appIds = random.some([...links.keys()], random.between(1, links.size));
  return { names: appIds.sort().join(', '), struck: appIds.map((appId) => links.get(appId)!) };
}

const hindered = (links: readonly Link[]) => links.reduce((sum, link) => sum + link.hindered, 0);

/**
 * Resolves when the time is over and the links have hindered more than `before` chunks. The time alone proves nothing:
 * the links run in this process and pass nothing while it is held up.
 */
async function untilHindered(links: readonly Link[], before: number, ms: number): Promise<void> {
  await delay(ms);
  const isHindered = async () => hindered(links) > before || undefined;
  const what = 'something to go over the connections to Redis';
  await waitFor(isHindered, { what, timeoutMs: PATIENCE_MS, intervalMs: 5 });
}

/** Kills Redis and cuts a number of bytes off the end of its log. */
const loseEnd =
  (least: number, most: number): Fault['strike'] =>
  async (stage, random) => {
    const { pid: supervisor, redis } = await stage.status();
    const { pid } = redis;
    if (pid === undefined) throw new Error('Redis does not run.');
    let bytes = 0;
    // Otherwise the supervisor could restart Redis before the log is cut, if this process is held up.
    process.kill(supervisor, 'SIGSTOP');
    try {
      process.kill(pid, 'SIGKILL');
      const gone = async () => processStart(pid) === undefined || undefined;
      await waitFor(gone, { what: 'the end of Redis', timeoutMs: PATIENCE_MS, intervalMs: 5 });
      bytes = stage.forget(random.between(least, most));
    } finally {
      process.kill(supervisor, 'SIGCONT');
    }
    if (bytes === 0) throw new Error('The log of Redis was empty.');
    await stage.replaced('redis', pid);
    return { what: `Redis was killed and lost the last ${bytes} bytes of its log`, ended: ['redis'] };
  };

export const FAULTS: readonly Fault[] = [
  {
    name: 'replica-kill',
    about: 'SIGKILL of a replica',
    persistence: 'always',
    strike: async ({ cluster, appIds }, random) => {
      const appId = random.pick(appIds);
      await cluster.killReplica(numberOf(appId), 'SIGKILL');
      return { what: `${appId} was killed`, ended: [nameOf(appId)] };
    },
  },
  {
    name: 'replica-stop',
    about: 'SIGSTOP of a replica for longer than a lease, then SIGCONT',
    persistence: 'always',
    strike: async (stage, random) => {
      const appId = random.pick(stage.appIds);
      const pid = (await stage.processes()).get(nameOf(appId));
      if (pid === undefined) throw new Error(`The replica ${appId} does not run.`);
      const ms = random.between(...STOPPED_MS);
      process.kill(pid, 'SIGSTOP');
      try {
        await delay(ms);
        const stopped = (await stage.status()).replicas.find((replica) => replica.appId === appId);
        if (stopped?.ready !== false) throw new Error(`The replica ${appId} was stopped and answered.`);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      return { what: `${appId} stood still for ${ms} ms and more`, ended: [] };
    },
  },
  {
    name: 'redis-kill',
    about: 'SIGKILL of Redis with appendfsync always',
    persistence: 'always',
    strike: async ({ cluster }) => {
      await cluster.killRedis('SIGKILL');
      return { what: 'Redis was killed', ended: ['redis'] };
    },
  },
  {
    name: 'edge-kill',
    about: "SIGKILL of HAProxy's worker",
    persistence: 'always',
    strike: async (stage) => {
      const master = (await stage.processes()).get('haproxy');
      const workers = master === undefined ? [] : await childrenOf(master);
      if (workers.length === 0) throw new Error('HAProxy has no worker.');
      for (const pid of workers) process.kill(pid, 'SIGKILL');
      await stage.replaced('haproxy', master!);
      return { what: `the worker of HAProxy was killed`, ended: ['haproxy'] };
    },
  },
  {
    name: 'redis-cut',
    about: 'the connections between replicas and Redis are reset, several times',
    persistence: 'always',
    strike: async (stage, random) => {
      const { names, struck } = someLinks(stage, random);
      let count = 0;
      for (let time = random.between(1, 4); time > 0; time--) {
        for (const link of struck) count += link.cut();
        await delay(random.between(50, 700));
      }
      if (count === 0) throw new Error('There was no connection to cut.');
      return { what: `${count} connections of ${names} were reset`, ended: [] };
    },
  },
  {
    name: 'redis-slow',
    about: 'traffic between replicas and Redis is delayed by up to a second',
    persistence: 'always',
    strike: async (stage, random) => {
      const { names, struck } = someLinks(stage, random);
      const [before, least, ms] = [hindered(struck), random.between(20, 200), random.between(...TROUBLE_MS)];
      const most = least + random.between(50, 800);
      for (const link of struck) link.slow(() => random.between(least, most));
      try {
        await untilHindered(struck, before, ms);
      } finally {
        for (const link of struck) link.slow(undefined);
      }
      const count = hindered(struck) - before;
      return { what: `${count} packets of ${names} were ${least} to ${most} ms late, for ${ms} ms`, ended: [] };
    },
  },
  {
    name: 'redis-silent',
    about: 'nothing passes between replicas and Redis for a while; then it arrives late, or never',
    persistence: 'always',
    strike: async (stage, random) => {
      const { names, struck } = someLinks(stage, random);
      const [before, ms, isLost] = [hindered(struck), random.between(...TROUBLE_MS), random.next() < 0.5];
      for (const link of struck) link.hold();
      let count = 0;
      try {
        await untilHindered(struck, before, ms);
        count = hindered(struck) - before;
      } finally {
        for (const link of struck) {
          if (isLost) link.cut();
          link.release();
        }
      }
      const fate = isLost ? 'were lost' : 'arrived late';
      return { what: `${names} heard nothing for ${ms} ms, and ${count} packets ${fate}`, ended: [] };
    },
  },
  {
    name: 'clock-skew',
    about: 'the clocks of two replicas jump, one ahead and one back, and later jump home',
    persistence: 'always',
    strike: async (stage, random) => {
      const [ahead, behind] = random.some(stage.appIds, 2) as [string, string];
      const [more, less] = [random.between(5000, 600_000), random.between(5000, 600_000)];
      await Promise.all([stage.setClock(ahead, more), stage.setClock(behind, -less)]);
      await delay(random.between(...TROUBLE_MS));
      await Promise.all([stage.setClock(ahead, 0), stage.setClock(behind, 0)]);
      return { what: `${ahead} was ${more} ms ahead and ${behind} ${less} ms behind`, ended: [] };
    },
  },
  {
    name: 'rolling-restart',
    about: 'every replica is drained and restarted, one after the other',
    persistence: 'always',
    strike: async ({ cluster, appIds }, random) => {
      const order = random.some(appIds, appIds.length);
      for (const appId of order) {
        await cluster.killReplica(numberOf(appId), 'SIGTERM');
        await cluster.settled();
      }
      return { what: `${order.join(', ')} were restarted`, ended: order.map(nameOf) };
    },
  },
  {
    name: 'redis-lost-tail',
    about: 'SIGKILL of Redis with appendfsync always, and the end of its log is gone as from a disk that lied',
    persistence: 'always',
    mayLose: true,
    // Moves are among it, also when the players were held up and only the replicas wrote for a while.
    strike: loseEnd(8000, 12_000),
  },
  {
    name: 'redis-kill-everysec',
    about: 'SIGKILL of Redis with appendfsync everysec, and the end of its log is gone as after a power cut',
    persistence: 'everysec',
    mayLose: true,
    strike: loseEnd(200, 4000),
  },
];
