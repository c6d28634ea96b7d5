import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { labels } from '../labels.ts';
import { replicationSecret, sentinelSecrets } from './redis-config.ts';
import { PASSWORD_KEY, REDIS } from './redis-connection.ts';

/** Commands a replica sends or its scripts call; a test reads them out of `services/server`. */
export const REPLICA_COMMANDS = [
  // The connection.
  'auth',
  'hello',
  'ping',
  'select',
  'client|setname',
  'info',
  'role',
  'slowlog|get',
  'time',
  // Scripts and transactions; what a script calls is checked again, command by command.
  'eval',
  'evalsha',
  'script|load',
  'script|exists',
  'multi',
  'exec',
  'discard',
  // State, histories, leases, presence.
  'get',
  'set',
  'del',
  'exists',
  'rename',
  'scan',
  'incr',
  'expire',
  'pexpire',
  'pexpireat',
  'ttl',
  'pttl',
  'hget',
  'hset',
  'hsetnx',
  'hdel',
  'hmget',
  'hgetall',
  'hincrby',
  'hlen',
  'hexists',
  'xadd',
  'xrange',
  'xrevrange',
  'xlen',
  'xtrim',
  'zadd',
  'zincrby',
  'zrem',
  'zremrangebyrank',
  'zremrangebyscore',
  'zrange',
  'zrangebyscore',
  'zrevrange',
  'zscore',
  'zcard',
  'zintercard',
  'zinterstore',
  // Announcements.
  'publish',
  'subscribe',
  'unsubscribe',
  'spublish',
  'ssubscribe',
  'sunsubscribe',
] as const;

/** The users of Redis and Sentinel. There is no other. */
export type RedisUser = 'gridlock' | 'probe' | 'keeper' | 'replication' | 'sentinel';

export type RedisPasswords = Readonly<Record<RedisUser, string>>;

const allow = (commands: readonly string[]): string => ['-@all', ...commands.map((name) => `+${name}`)].join(' ');

/**
 * A Redis without replicas has no password in its configuration: there a replica may read how moves are kept.
 */
const SINGLE_COMMANDS = ['config|get'];

const replicaRules = (commands: readonly string[]): string =>
  `~gridlock:* resetchannels &gridlock:* ${allow(commands)}`;

const REDIS_RULES: Readonly<Record<RedisUser, string>> = {
  gridlock: replicaRules(REPLICA_COMMANDS),
  probe: `resetkeys resetchannels ${allow(['auth', 'hello', 'ping', 'role', 'info'])}`,
  // Gives Redis a renewed certificate, and hands a primary over before its pod goes.
  keeper: `resetkeys resetchannels ${allow(['auth', 'hello', 'role', 'info', 'config|set', 'client|pause'])}`,
  replication: `resetkeys resetchannels ${allow(['auth', 'ping', 'psync', 'replconf'])}`,
  // https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel, "Redis Access Control List
  // authentication".
  sentinel: `resetkeys allchannels ${allow([
    'auth',
    'hello',
    'ping',
    'info',
    'role',
    'multi',
    'exec',
    'slaveof',
    'replicaof',
    'config|rewrite',
    'client|setname',
    'client|kill',
    'script|kill',
    'publish',
    'subscribe',
  ])}`,
};

const SENTINEL_RULES: Readonly<Partial<Record<RedisUser, string>>> = {
  gridlock: `resetchannels &* ${allow([
    'auth',
    'hello',
    'ping',
    'info',
    'role',
    'client|setname',
    'subscribe',
    'psubscribe',
    'unsubscribe',
    'sentinel|get-master-addr-by-name',
    'sentinel|sentinels',
    'sentinel|replicas',
    'sentinel|slaves',
    'sentinel|master',
    'sentinel|masters',
  ])}`,
  probe: `resetchannels ${allow(['auth', 'ping', 'sentinel|ckquorum'])}`,
  keeper: `resetchannels ${allow([
    'auth',
    'ping',
    'sentinel|get-master-addr-by-name',
    'sentinel|master',
    'sentinel|failover',
  ])}`,
  sentinel: `allchannels ${allow([
    'auth',
    'hello',
    'ping',
    'client|setname',
    'publish',
    'sentinel|is-master-down-by-addr',
  ])}`,
};

const hash = (password: string): string => createHash('sha256').update(password).digest('hex');

function aclFile(rules: Readonly<Partial<Record<RedisUser, string>>>, passwords: Partial<RedisPasswords>): string {
  const users = (Object.keys(rules) as RedisUser[]).flatMap((user) => {
    const password = passwords[user];
    return password === undefined ? [] : [`user ${user} on #${hash(password)} ${rules[user]}`];
  });
  // Nobody can be the default user, which is off. It keeps its rights as Redis reads its append-only file as
  // that user: without them whatever a script wrote would be refused when Redis starts again, and be lost.
  return ['user default off resetpass ~* &* +@all', ...users, ''].join('\n');
}

/** Redis's users: only who has a password here. Passwords are written as their hashes. */
export function redisAcl(passwords: Partial<RedisPasswords>): string {
  const isSingle = passwords.replication === undefined;
  const gridlock = replicaRules([...REPLICA_COMMANDS, ...(isSingle ? SINGLE_COMMANDS : [])]);
  return aclFile({ ...REDIS_RULES, gridlock }, passwords);
}

/** Sentinel's users: who looks for the primary, who probes, who hands over, and the other sentinels. */
export const sentinelAcl = (passwords: RedisPasswords): string => aclFile(SENTINEL_RULES, passwords);

const SINGLE_USERS = ['gridlock', 'probe', 'keeper'] as const satisfies readonly RedisUser[];
const SENTINEL_USERS = [...SINGLE_USERS, 'replication', 'sentinel'] as const satisfies readonly RedisUser[];

/** What Redis's own pods read: the users, and the passwords of those who work inside the pod. Pure. */
export function redisFiles(passwords: Partial<RedisPasswords>): Record<string, string> {
  const { probe = '', keeper = '', replication, sentinel } = passwords;
  const own = { 'redis.acl': redisAcl(passwords), probe, keeper };
  if (replication === undefined || sentinel === undefined) return own;
  const { peers, primary } = sentinelSecrets(sentinel);
  return {
    ...own,
    'replication.conf': replicationSecret(replication),
    'sentinel.acl': sentinelAcl(passwords as RedisPasswords),
    'sentinel-peers.conf': peers,
    'sentinel-primary.conf': primary,
  };
}

export const checksumOf = (files: Readonly<Record<string, string>>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(files).sort()))
    .digest('hex')
    .slice(0, 16);

export interface RedisSecrets {
  /** Name of the Secret Redis's pods mount. */
  readonly files: pulumi.Output<string>;
  readonly filesChecksum: pulumi.Output<string>;
  /** Name of the Secret a replica mounts: its own password, under `PASSWORD_KEY`. */
  readonly password: pulumi.Output<string>;
  readonly passwordChecksum: pulumi.Output<string>;
}

/** A password for each of Redis's users, and the Secrets that hand them out. */
export function redisSecrets(
  topology: 'single' | 'sentinel',
  namespace: pulumi.Input<string>,
  parent: pulumi.Resource,
): RedisSecrets {
  const users = topology === 'single' ? SINGLE_USERS : SENTINEL_USERS;
  const entries = users.map((user) => {
    const { result } = new random.RandomPassword(`${REDIS}-${user}`, { length: 40, special: false }, { parent });
    return [user, result] as const;
  });
  const passwords = pulumi.all(Object.fromEntries(entries)) as pulumi.Output<Partial<RedisPasswords>>;
  const secret = (name: string, stringData: pulumi.Output<Record<string, string>>) =>
    new kubernetes.core.v1.Secret(
      name,
      {
        metadata: { name, namespace, labels: labels(REDIS) },
        type: 'Opaque',
        stringData: pulumi.secret(stringData),
      },
      { parent },
    );
  const checksum = (contents: pulumi.Output<Record<string, string>>) =>
    // Tells of a change, and nothing of what changed.
    pulumi.unsecret(contents.apply(checksumOf));
  const files = passwords.apply(redisFiles);
  const password = passwords.apply(({ gridlock = '' }): Record<string, string> => ({ [PASSWORD_KEY]: gridlock }));
  return {
    files: secret(`${REDIS}-files`, files).metadata.name,
    filesChecksum: checksum(files),
    password: secret(`${REDIS}-password`, password).metadata.name,
    passwordChecksum: checksum(password),
  };
}
