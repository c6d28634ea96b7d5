import { connect } from 'node:tls';
import { until } from '../../../../tests/kit/wait.ts';
import { PRIMARY } from '../redis-connection.ts';
import type { RedisPod, RedisSet } from './redis-pods.ts';

/** The port of the primary, as this pod's sentinel names it. */
export async function namedPort(pod: RedisPod): Promise<number> {
  const sentinel = pod.connect('gridlock', 'sentinel');
  try {
    const reply = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY)) as string[] | null;
    return Number(reply?.[1]);
  } finally {
    sentinel.disconnect();
  }
}

/** A field of INFO; empty when Redis does not answer. */
export async function field(pod: RedisPod, section: string, name: string): Promise<string> {
  const redis = pod.connect('probe');
  try {
    return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(await redis.info(section))?.[1] ?? '';
  } catch {
    return '';
  } finally {
    redis.disconnect();
  }
}

/** The pod that all running sentinels name as primary, and that has a replica. */
export async function primaryOf({ pods }: RedisSet, timeoutMs: number): Promise<RedisPod> {
  let found: RedisPod | undefined;
  await until(
    async () => {
      const running = pods.filter((pod) => pod.isRunning('start-sentinel'));
      const named = new Set(await Promise.all(running.map((pod) => namedPort(pod).catch(() => Number.NaN))));
      found = pods.find((pod) => named.size === 1 && named.has(pod.redisPort));
      return found !== undefined && (await field(found, 'replication', 'connected_slaves')) >= '1';
    },
    'the sentinels agree on a primary that is followed',
    timeoutMs,
  );
  return found as RedisPod;
}

export const everyReady = ({ pods }: RedisSet, timeoutMs: number): Promise<void> =>
  until(
    async () => (await Promise.all(pods.map((pod) => pod.run('probe', 'ready')))).every(({ code }) => code === 0),
    'every pod is ready',
    timeoutMs,
  );

/**
 * Each sentinel knows the others and both replicas, and has finished the previous failover. Until then, a sentinel
 * ignores the failovers of others: it waits until its own new primary is back.
 */
export const everySettled = ({ pods }: RedisSet, timeoutMs: number): Promise<void> =>
  until(
    async () => (await Promise.all(pods.map((pod) => isSettled(pod, pods.length - 1)))).every(Boolean),
    'the sentinels know each other and both replicas, and are done with the previous failover',
    timeoutMs,
  );

async function isSettled(pod: RedisPod, others: number): Promise<boolean> {
  const sentinel = pod.connect('keeper', 'sentinel');
  try {
    const reply = (await sentinel.call('SENTINEL', 'MASTER', PRIMARY)) as string[];
    const value = (name: string) => reply[reply.indexOf(name) + 1] ?? '';
    const knowsAll = Number(value('num-other-sentinels')) === others && Number(value('num-slaves')) === others;
    return knowsAll && !value('flags').includes('failover_in_progress');
  } catch {
    return false;
  } finally {
    sentinel.disconnect();
  }
}

/** Serial number of the certificate that is served at a port; undefined when nothing listens. */
export function servedSerial(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: 'localhost', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
  });
}
