import { readdirSync, readFileSync, statSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import { Redis } from 'ioredis';
import { runtimeCommand } from '../../infra/edge/haproxy.ts';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { RunningStatus } from '../../infra/local/system-status.ts';

/** The resources that a cluster of processes on this machine holds at a moment, and its counters so far. */
export interface Observation {
  readonly at: number;
  /** Of all log files together. */
  readonly logBytes: number;
  readonly storeBytes: number;
  /** Requests that the edge answered with 4xx. */
  readonly refusals: number;
}

export async function observe({ stateDir, redis, edge }: RunningStatus): Promise<Observation> {
  const paths = statePaths(stateDir);
  const [storeBytes, refusals] = await Promise.all([
    storeMemory(redis.port, readFileSync(paths.redisPassword, 'utf8').trim()),
    refusalsAt(edge.runtimeSocket),
  ]);
  return { at: performance.now(), logBytes: bytesBelow(paths.logs), storeBytes, refusals };
}

export const bytesBelow = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).reduce((sum, entry) => {
    // It may be rotated away meanwhile.
    const size = statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
    return entry.isFile() ? sum + size : sum;
  }, 0);

async function storeMemory(port: number, password: string): Promise<number> {
  const redis = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))![1]);
  } finally {
    redis.disconnect();
  }
}

async function refusalsAt(runtimeSocket: string): Promise<number> {
  const [head = '', ...lines] = (await runtimeCommand(runtimeSocket, 'show stat https 1 -1')).split('\n');
  const column = head.split(',').indexOf('hrsp_4xx');
  return lines.reduce((sum, line) => sum + Number(line.split(',')[column] ?? 0), 0);
}

/** Sessions that the edge holds for a source address, and the bytes that its kernel keeps to send there. */
export async function heldFor(address: string, { edge }: RunningStatus): Promise<{ sessions: number; queued: number }> {
  const sessions = (await runtimeCommand(edge.runtimeSocket, 'show sess'))
    .split('\n')
    .filter((line) => line.includes(`src=${address}:`));
  return { sessions: sessions.length, queued: queuedTo(address, edge.port, readFileSync('/proc/net/tcp', 'utf8')) };
}

/** Bytes that wait in the kernel to go from a port of this machine to an address, from `/proc/net/tcp`. */
export function queuedTo(address: string, port: number, table: string): number {
  // proc_net_tcp(5): the address is in the order of the machine's bytes, the port is not.
  const peer = address
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  const local = port.toString(16).padStart(4, '0').toUpperCase();
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, from, to]) => from?.endsWith(`:${local}`) && to?.startsWith(`${peer}:`))
    .reduce((sum, [, , , , queues]) => sum + Number.parseInt(queues!.split(':')[0]!, 16), 0);
}

const PROBE_MS = 3000;

/** Milliseconds until the plain port answers a stranger; NaN when it does not. */
export function probe(httpPort: number, pathname: string, address: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: httpPort, path: pathname, localAddress: address, agent: false };
    const call = get({ ...options, headers: { Host: 'localhost' } }, (response) => {
      response.resume().on('end', () => resolve(performance.now() - began));
    });
    call.setTimeout(PROBE_MS, () => call.destroy(new Error('no answer in time')));
    call.on('error', () => resolve(Number.NaN));
  });
}
