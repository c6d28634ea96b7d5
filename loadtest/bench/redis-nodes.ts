import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { redisSpec } from '../../infra/local/redis-process.ts';
import type { StatePaths } from '../../infra/local/state-paths.ts';
import { waitFor } from '../../infra/local/wait.ts';
import type { Command, System } from './systems/system.ts';

/** Longer than any run needs. */
const MEMORY_MIB = 4096;
const SLOTS = 16_384;
const JOIN_MS = 30_000;

/** A Redis of the system, or a master of its cluster. */
export interface RedisNode {
  readonly name: string;
  readonly port: number;
  /** Of the bus of the cluster. */
  readonly busPort: number;
}

/** The nodes of a system, with ports taken in order: none, one, or the masters of a cluster. */
export function planNodes({ persistence, redisMasters }: System, ports: readonly number[]): RedisNode[] {
  const count = persistence === undefined ? 0 : (redisMasters ?? 1);
  return Array.from({ length: count }, (_, index) => ({
    name: count === 1 ? 'redis' : `redis${index + 1}`,
    port: ports[2 * index]!,
    busPort: ports[2 * index + 1]!,
  }));
}

/** How a node is run, in a directory that exists by then. */
export function nodeCommand(
  { name, port, busPort }: RedisNode,
  { persistence, redisMasters }: System,
  paths: StatePaths,
  binary: string,
): Command & { cwd: string } {
  const { command, args } = redisSpec(paths, binary, port, MEMORY_MIB);
  const inCluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
  const cwd = path.join(paths.redis, name);
  mkdirSync(cwd, { recursive: true, mode: 0o700 });
  return {
    command,
    args: [
      ...args,
      ...(persistence === 'none' ? ['--appendonly', 'no'] : []),
      // One configuration is written for all of them.
      ...['--port', String(port)],
      ...(redisMasters === undefined ? [] : inCluster),
    ],
    env: process.env,
    cwd,
  };
}

/** Makes one cluster of running nodes, each with an equal share of the slots. Resolves when all nodes know it. */
export async function joinCluster(nodes: readonly RedisNode[], paths: StatePaths): Promise<void> {
  const password = readFileSync(paths.redisPassword, 'utf8').trim();
  const admins = nodes.map(({ port }) => new Redis({ host: '127.0.0.1', port, password, protocol: 2 }));
  for (const admin of admins) admin.on('error', () => undefined);
  const shareOf = (index: number) => Math.floor((SLOTS * index) / nodes.length);
  try {
    for (const [index, admin] of admins.entries()) {
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', shareOf(index), shareOf(index + 1) - 1);
      const [{ port, busPort }] = nodes as [RedisNode];
      if (index > 0) await admin.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    }
    const known = `cluster_known_nodes:${nodes.length}`;
    await waitFor(
      async () => {
        const texts = await Promise.all(admins.map(async (admin) => String(await admin.cluster('INFO'))));
        return texts.every((text) => text.includes('cluster_state:ok') && text.includes(known)) || undefined;
      },
      { what: 'the Redis Cluster to serve', timeoutMs: JOIN_MS, intervalMs: 50 },
    );
  } finally {
    for (const admin of admins) admin.disconnect();
  }
}
