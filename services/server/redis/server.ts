import type { Redis } from 'ioredis';
import { infoFields } from './info.ts';
import { parseLoad, type ServerLoad } from './server-load.ts';
import type { Topology } from './settings.ts';

/** The oldest Redis that has sharded pub/sub, which games spread over a cluster need. */
const OLDEST = [7, 0] as const;

/** What a Redis says about itself. */
export interface ServerFacts {
  readonly version: string;
  readonly runId: string;
  /** The replication id: a new one for each start and each promotion. */
  readonly life: string;
  readonly isPrimary: boolean;
  /** It was a replica of another primary before, since it started. */
  readonly wasPromoted: boolean;
  readonly replicas: number;
  /** Every write is on disk before it is answered; undefined when Redis does not tell. */
  readonly isDurable: boolean | undefined;
  /** By what policy it throws data away when it is full; undefined when it refuses writes instead, or is never full. */
  readonly eviction: string | undefined;
  /** The used part of `maxmemory`, 0 to 1; 0 without a limit. */
  readonly fullness: number;
  /** host:port, as this connection was made. */
  readonly node: string;
  readonly load: ServerLoad;
  /** How long it took to answer, in seconds. */
  readonly seconds: number;
}

/** Asks one node about itself. */
export async function readServer(node: Redis): Promise<ServerFacts> {
  const asked = performance.now();
  let seconds = 0;
  const [info, persistence] = await Promise.all([
    node.info().finally(() => {
      seconds = (performance.now() - asked) / 1000;
    }),
    readDurability(node),
  ]);
  const fields = infoFields(info);
  const field = (name: string) => fields.get(name) ?? '';
  const policy = field('maxmemory_policy');
  const load = parseLoad(info);
  return {
    version: field('redis_version'),
    runId: field('run_id'),
    life: field('master_replid'),
    isPrimary: field('role') === 'master',
    wasPromoted: /[1-9a-f]/.test(field('master_replid2')),
    replicas: load.replicas,
    isDurable: persistence,
    fullness: load.memoryLimitBytes > 0 ? load.memoryBytes / load.memoryLimitBytes : 0,
    node: addressOf(node),
    load,
    seconds,
    eviction: load.memoryLimitBytes > 0 && policy !== 'noeviction' ? policy : undefined,
  };
}

/** Sentinel says where the primary is: then only the connection knows. */
function addressOf({ options, stream }: Redis): string {
  const { sentinels, host, port } = options;
  return sentinels ? `${stream?.remoteAddress}:${stream?.remotePort}` : `${host}:${port}`;
}

async function readDurability(node: Redis): Promise<boolean | undefined> {
  try {
    const reply = (await node.config('GET', 'append*')) as string[];
    const value = (name: string) => reply[reply.indexOf(name) + 1];
    return value('appendonly') === 'yes' && value('appendfsync') === 'always';
  } catch (error) {
    // Not allowed for this user, or not known to this Redis.
    if ((error as Error).name === 'ReplyError') return undefined;
    throw error;
  }
}

/** Why a Redis of this version cannot be used, as a sentence; undefined when it can. */
export function versionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!isOld) return undefined;
  return `Redis ${version || 'of an unknown version'} is too old; use ${OLDEST.join('.')} or later.`;
}

/** In which life a history was written last, and whether a restart after that life has all of it. */
export interface Life {
  readonly life: string;
  readonly run: string;
  readonly durable: boolean;
}

/**
 * Whether the next life has everything that anybody saw of this one, if Redis keeps its promises (`RollCall` checks
 * that). This holds in one case only: a single Redis restarted from a log that was on disk before each answer. Behind
 * Sentinel and in a cluster, a restart looks the same as a failover and back, after which this server has the older
 * data of a replica. A Redis with replicas may have been replaced by one of them.
 */
export function continues(before: Life, server: ServerFacts, topology: Topology['kind']): boolean {
  return (
    topology === 'single' && before.durable && before.run !== server.runId && !server.wasPromoted && isSafe(server)
  );
}

/** Whether a restart of this server, as it runs now, will have everything. */
export const isSafe = ({ isPrimary, isDurable, replicas }: ServerFacts): boolean =>
  isPrimary && isDurable === true && replicas === 0;
