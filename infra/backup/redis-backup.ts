import { memberNames } from '../components/redis/redis-connection.ts';
import { ClusterError, type Pods } from './pods.ts';
import { commandsOf } from './redis-commands.ts';

const MAGIC = 'REDIS';
/** The end of a snapshot, before its checksum of eight bytes. */
const END = 0xff;
const MARK_BYTES = 40;

/** redis-cli recognizes the end of the transfer by a mark, and leaves it at the end of its output. */
function withoutMark(received: Buffer): Buffer {
  const end = received.length - MARK_BYTES;
  return /^[0-9a-f]+$/.test(received.subarray(end).toString('latin1')) ? received.subarray(0, end) : received;
}

/** @throws ClusterError for anything but a whole snapshot */
export function requireSnapshot(snapshot: Buffer, where: string): Buffer {
  const whole = snapshot.subarray(0, MAGIC.length).toString() === MAGIC && snapshot.at(-9) === END;
  if (whole) return snapshot;
  throw new ClusterError(`${where} is not a complete snapshot of Redis: make it again.`);
}

/** The existing pods of Redis. */
async function redisPods(pods: Pods, namespace: string, cluster: string): Promise<string[]> {
  const selector = `app.kubernetes.io/name=redis,app.kubernetes.io/instance=${cluster}`;
  const found = await podNames(pods, namespace, selector);
  const members = memberNames(cluster).filter((member) => found.includes(member));
  if (members.length > 0) return members;
  throw new ClusterError(
    `There is no pod of Redis of the cluster ${cluster} in the namespace ${namespace}: an external Redis is backed up ` +
      'where it runs.',
  );
}

async function podNames(pods: Pods, namespace: string, selector: string): Promise<string[]> {
  const answer = await pods.kubectl([
    '--namespace',
    namespace,
    'get',
    'pods',
    '--selector',
    selector,
    '--output',
    'name',
  ]);
  return answer
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((name) => name.replace('pod/', ''));
}

/** Resolves with the first answer. @throws ClusterError, the last one, when there is none */
async function firstOf<T>(members: readonly string[], ask: (member: string) => Promise<T>): Promise<T> {
  let failure: unknown;
  for (const member of members) {
    try {
      return await ask(member);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/**
 * A snapshot of everything in Redis, as a file of Redis (RDB). Servers go on meanwhile. The snapshot has what was
 * stored when it began.
 * @throws ClusterError
 */
export async function backUpRedis(pods: Pods, namespace: string, cluster: string): Promise<Buffer> {
  const members = await redisPods(pods, namespace, cluster);
  return firstOf(members, async (member) =>
    requireSnapshot(withoutMark(await pods.script(member, 'backup')), `What ${member} sent`),
  );
}

/**
 * Replaces everything in Redis by a snapshot; all later data is lost.
 * @throws ClusterError when servers run, because they would go on with their old state
 */
export async function restoreRedis(pods: Pods, namespace: string, cluster: string, snapshot: Buffer): Promise<void> {
  const servers = await podNames(
    pods,
    namespace,
    `app.kubernetes.io/name=server,app.kubernetes.io/instance=${cluster}`,
  );
  if (servers.length > 0) {
    const scale = `kubectl --namespace ${namespace} scale deployment ${cluster} --replicas 0`;
    const pause = `kubectl --namespace ${namespace} annotate scaledobject ${cluster} autoscaling.keda.sh/paused-replicas=0`;
    throw new ClusterError(
      `${servers.length} server${servers.length === 1 ? ' runs' : 's run'} on this Redis, with a memory of its data. ` +
        `Stop them, restore, and start them again. To stop them: ${scale}. With autoscaling, before it: ${pause}.`,
    );
  }
  const members = await redisPods(pods, namespace, cluster);
  const commands = await commandsOf(snapshot);
  await firstOf(members, (member) => pods.script(member, 'restore', commands));
}
