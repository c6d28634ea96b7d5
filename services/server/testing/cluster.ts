import type { Redis } from 'ioredis';
import { freePorts } from '../../../tests/kit/ports.ts';
import { until } from '../../../tests/kit/wait.ts';
import { slotOf } from '../redis/bus.ts';
import type { RedisSettings } from '../redis/settings.ts';
import { adminOf, startEach, type TestRedis } from './redis.ts';
import type { RedisSecurity } from './secure-redis.ts';
import { followed } from './sentinel.ts';

const SLOTS = 16_384;
const MASTERS = 3;

export interface TestCluster {
  readonly settings: RedisSettings;
  readonly masters: readonly TestRedis[];
  /** The master that was set up for the slot of a key. */
  masterOf(key: string): TestRedis;
  stop(): Promise<void>;
}

/** Three masters with a third of the slots each, and a replica for each of them; with TLS and users where given. */
export async function startCluster(security?: RedisSecurity): Promise<TestCluster> {
  const nodes = await startEach(
    await Promise.all(
      Array.from({ length: 2 * MASTERS }, async () => {
        const [port, clusterPort] = (await freePorts(2)) as [number, number];
        return {
          port,
          config: [
            'cluster-enabled yes',
            'cluster-node-timeout 4000',
            'repl-diskless-sync-delay 0',
            `cluster-port ${clusterPort}`,
            ...(security?.config(port) ?? []),
          ],
          ...(security ? { client: security.admin } : {}),
        };
      }),
    ),
  );
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  const admins = nodes.map((node) => adminOf(node, security?.admin));
  try {
    await join(nodes, admins);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    for (const admin of admins) admin.disconnect();
  }
  const masters = nodes.slice(0, MASTERS);
  return {
    settings: {
      topology: { kind: 'cluster', nodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })) },
      ...(security?.settings ?? { username: undefined, password: undefined, tls: undefined }),
    },
    masters,
    masterOf: (key) => masters.findLast((_, index) => slotOf(key) >= shareOf(index))!,
    stop,
  };
}

/** The first slot of a master. */
const shareOf = (index: number) => Math.floor((SLOTS * index) / MASTERS);

/** Makes one cluster of nodes: the first are masters, and each of the others the replica of one. */
async function join(nodes: readonly TestRedis[], admins: readonly Redis[]): Promise<void> {
  const replicas = nodes.slice(MASTERS);
  await Promise.all(
    admins
      .slice(0, MASTERS)
      .map((admin, index) => admin.call('CLUSTER', 'ADDSLOTSRANGE', shareOf(index), shareOf(index + 1) - 1)),
  );
  for (const admin of admins) await meet(admin, nodes[0]!, admins[0]!);
  const ids = await Promise.all(admins.map(async (admin) => String(await admin.call('CLUSTER', 'MYID'))));
  await until(async () => await allKnow(admins, ids), 'the nodes know each other', 30_000);
  await Promise.all(replicas.map((_, index) => admins[MASTERS + index]!.call('CLUSTER', 'REPLICATE', ids[index]!)));
  await until(
    async () =>
      (
        await Promise.all(
          admins.map(async (admin) => {
            const [info, nodesKnown] = await Promise.all([admin.cluster('INFO'), admin.cluster('NODES')]);
            const known = String(nodesKnown)
              .split('\n')
              .filter((line) => / (myself,)?slave /.test(line)).length;
            return String(info).includes('cluster_state:ok') && known === MASTERS;
          }),
        )
      ).every(Boolean),
    'the cluster serves',
    30_000,
  );
  await followed(admins.slice(MASTERS));
}

async function meet(admin: Redis, { port }: TestRedis, itsAdmin: Redis): Promise<void> {
  const clusterPort = String(((await itsAdmin.config('GET', 'cluster-port')) as string[])[1]);
  await admin.call('CLUSTER', 'MEET', '127.0.0.1', port, clusterPort);
}

async function allKnow(admins: readonly Redis[], ids: readonly string[]): Promise<boolean> {
  const known = await Promise.all(admins.map(async (admin) => String(await admin.cluster('NODES'))));
  return known.every((text) => ids.every((id) => text.includes(id)) && !text.includes('handshake'));
}
