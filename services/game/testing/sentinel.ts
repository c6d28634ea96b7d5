import type { RedisSettings } from '../redis/settings.ts';
import { adminOf, startRedis, type TestRedis } from './redis.ts';
import { until } from './replica.ts';

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
  const others = await Promise.all([1, 2].map(() => startRedis({
    config: [`replicaof 127.0.0.1 ${first.port}`],
  })));
  const servers = [first, ...others];
  await followed(others);
  const sentinels = await Promise.all([1, 2, 3].map(() => startRedis({
    isSentinel: true,
    config: [
      `sentinel monitor ${MASTER} 127.0.0.1 ${first.port} 2`,
      `sentinel down-after-milliseconds ${MASTER} 1000`,
      `sentinel failover-timeout ${MASTER} 3000`,
    ],
    client: { enableReadyCheck: false },
  })));
  const admins = sentinels.map((sentinel) => adminOf(sentinel, { enableReadyCheck: false }));
  const about = async () => (await Promise.all(admins.map((admin) => admin.call('SENTINEL', 'MASTER', MASTER))))
    .map((reply) => {
      const flat = reply as string[];
      return (name: string) => flat[flat.indexOf(name) + 1];
    });
  await until(async () => (await about()).every((field) =>
    field('num-other-sentinels') === '2' && field('num-slaves') === '2'), 'the Sentinels know each other', 20_000);
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
export async function followed(replicas: readonly TestRedis[]): Promise<void> {
  const admins = replicas.map((replica) => adminOf(replica));
  await until(async () => (await Promise.all(admins.map((admin) => admin.info('replication'))))
    .every((info) => info.includes('master_link_status:up')), 'the replicas follow', 30_000);
  for (const admin of admins) admin.disconnect();
}
