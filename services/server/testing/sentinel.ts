import type { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import type { RedisSettings } from '../redis/settings.ts';
import { adminOf, startEach, startRedis, type TestRedis } from './redis.ts';

const MASTER = 'games';

export interface TestSentinel {
  readonly settings: RedisSettings;
  /** All servers, the primary that was set up as such first. */
  readonly servers: readonly TestRedis[];
  /** The server that the Sentinels name as primary now. */
  primary(): Promise<TestRedis>;
  stop(): Promise<void>;
}

/** A primary with two replicas, and three Sentinels that watch them. */
export async function startSentinel(): Promise<TestSentinel> {
  const first = await startRedis({ config: ['repl-diskless-sync-delay 0'] });
  const running = [first];
  try {
    const others = await startEach([1, 2].map(() => ({ config: [`replicaof 127.0.0.1 ${first.port}`] })));
    running.push(...others);
    const admins = others.map((other) => adminOf(other));
    try {
      await followed(admins);
    } finally {
      for (const admin of admins) admin.disconnect();
    }
    const sentinels = await startEach(
      [1, 2, 3].map(() => ({
        isSentinel: true,
        config: [
          `sentinel monitor ${MASTER} 127.0.0.1 ${first.port} 2`,
          `sentinel down-after-milliseconds ${MASTER} 3000`,
          `sentinel failover-timeout ${MASTER} 3000`,
        ],
        client: { enableReadyCheck: false },
      })),
    );
    running.push(...sentinels);
    return await watched([first, ...others], sentinels);
  } catch (error) {
    await Promise.all(running.map((redis) => redis.stop()));
    throw error;
  }
}

/** The whole, once its Sentinels know each other. */
async function watched(servers: readonly TestRedis[], sentinels: readonly TestRedis[]): Promise<TestSentinel> {
  const admins = sentinels.map((sentinel) => adminOf(sentinel, { enableReadyCheck: false }));
  const about = async () =>
    (await Promise.all(admins.map((admin) => admin.call('SENTINEL', 'MASTER', MASTER)))).map((reply) => {
      const flat = reply as string[];
      return (name: string) => flat[flat.indexOf(name) + 1];
    });
  try {
    await until(
      async () => (await about()).every((field) => field('num-other-sentinels') === '2' && field('num-slaves') === '2'),
      'the Sentinels know each other',
      20_000,
    );
  } catch (error) {
    for (const admin of admins) admin.disconnect();
    throw error;
  }
  return {
    settings: {
      topology: {
        kind: 'sentinel',
        sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
        masterName: MASTER,
        sentinelUsername: undefined,
        sentinelPassword: undefined,
      },
      username: undefined,
      password: undefined,
      tls: undefined,
    },
    servers,
    primary: async () => {
      const [one] = await about();
      return servers.find(({ port }) => String(port) === one!('port'))!;
    },
    stop: async () => {
      for (const admin of admins) admin.disconnect();
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
    },
  };
}

/** Waits until replicas have what their primary has. */
export async function followed(replicas: readonly Redis[]): Promise<void> {
  await until(
    async () =>
      (await Promise.all(replicas.map((replica) => replica.info('replication')))).every((info) =>
        info.includes('master_link_status:up'),
      ),
    'the replicas follow',
    30_000,
  );
}
