import { Cluster, type Redis } from 'ioredis';
import type { SlowCommand, StoreNode, StoreNow } from '../../protocol/operations.ts';
import type { Store } from '../redis/connect.ts';
import { infoFields } from '../redis/info.ts';
import { parseLoad } from '../redis/server-load.ts';

/** The slow log changes seldom: it is read this much less often than the figures. */
const SLOW_LOG_EVERY = 5;
const SLOW_LOG_LENGTH = 10;
const MOST_TEXT = 120;

/** The state of Redis by its own reports, node by node. */
export class StoreStats {
  readonly #redis: Store;
  #reads = 0;
  #slow: Pick<StoreNow, 'slow' | 'slowProblem'> = { slow: [] };

  constructor(redis: Store) {
    this.#redis = redis;
  }

  /** Never rejects: what is wrong is part of the answer. */
  async read(now = Date.now()): Promise<StoreNow> {
    try {
      const nodes = this.#nodes();
      if (this.#reads++ % SLOW_LOG_EVERY === 0) this.#slow = await slowLog(nodes);
      return { at: now, nodes: await Promise.all(nodes.map(describe)), ...this.#slow };
    } catch (error) {
      this.#reads = 0;
      return { at: now, nodes: [], slow: [], problem: `Redis does not answer: ${(error as Error).message}.` };
    }
  }

  #nodes(): [name: string, node: Redis][] {
    const redis = this.#redis;
    const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
    return nodes.map((node) => [`${node.options.host}:${node.options.port}`, node]);
  }
}

async function describe([name, node]: [string, Redis]): Promise<StoreNode> {
  const info = await node.info();
  const fields = infoFields(info);
  const { memoryBytes, memoryLimitBytes, clients, isPersistent } = parseLoad(info);
  return {
    name,
    role: fields.get('role') ?? 'unknown',
    memory: memoryBytes,
    memoryLimit: memoryLimitBytes || null,
    commandsPerSecond: Number(fields.get('instantaneous_ops_per_sec') ?? 0),
    clients,
    evicted: Number(fields.get('evicted_keys') ?? 0),
    isWriting: isPersistent,
    replicas: [...fields].filter(([field]) => /^slave\d+$/.test(field)).map(([, text]) => replicaOf(text)),
  };
}

/** `ip=10.0.0.2,port=6379,state=online,offset=10,lag=0` */
function replicaOf(text: string): StoreNode['replicas'][number] {
  const parts = new Map(text.split(',').map((part) => part.split('=', 2) as [string, string]));
  return {
    name: `${parts.get('ip')}:${parts.get('port')}`,
    state: parts.get('state') ?? 'unknown',
    lagSeconds: Number(parts.get('lag') ?? 0),
  };
}

type RawSlow = readonly [id: number, at: number, micros: number, args: readonly string[]];

async function slowLog(nodes: readonly [string, Redis][]): Promise<Pick<StoreNow, 'slow' | 'slowProblem'>> {
  try {
    const logs = await Promise.all(
      nodes.map(async ([name, node]) =>
        ((await node.slowlog('GET', SLOW_LOG_LENGTH)) as RawSlow[]).map((entry) => commandOf(name, entry)),
      ),
    );
    return {
      slow: logs
        .flat()
        .sort((one, other) => other.at - one.at)
        .slice(0, SLOW_LOG_LENGTH),
    };
  } catch (error) {
    return { slow: [], slowProblem: `Redis does not let this replica read its slow log: ${(error as Error).message}.` };
  }
}

/** The command and the keys of ours that it names; the rest may be what players wrote. */
function commandOf(node: string, [id, at, micros, args]: RawSlow): SlowCommand {
  const [command = '', ...rest] = args;
  const keys = rest.filter((arg) => arg.startsWith('gridlock:'));
  const text = [command.toUpperCase(), ...keys].join(' ').slice(0, MOST_TEXT);
  return { id: `${node} ${id}`, node, at: at * 1000, ms: micros / 1000, text };
}
