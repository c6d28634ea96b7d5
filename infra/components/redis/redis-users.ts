import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { labelsOf } from '../labels.ts';
import { replicationSecret, sentinelSecrets } from './redis-config.ts';
import { PASSWORD_KEY, redisName } from './redis-connection.ts';

/** The rights of servers in Redis, as rules of its access control list. */
export interface ServerAccess {
  /** Patterns of keys. */
  readonly keys: readonly string[];
  /** Patterns of channels. */
  readonly channels: readonly string[];
  /** Commands, such as `+@all` and `-flushall`, in order. */
  readonly commands: readonly string[];
}

/**
 * The default rights of your own server: every command except those that administer Redis or block it for other
 * clients.
 */
export const ANY_SERVER: ServerAccess = {
  keys: ['*'],
  channels: ['*'],
  commands: ['+@all', '-@admin', '-@dangerous', '+info', '+role'],
};

/** The users of Redis and Sentinel. There is no other. */
export const REDIS_USERS = ['gridlock', 'probe', 'keeper', 'backup', 'replication', 'sentinel'] as const;
export type RedisUser = (typeof REDIS_USERS)[number];

export type RedisPasswords = Readonly<Record<RedisUser, string>>;

const granted = (commands: readonly string[]): string => commands.map((name) => `+${name}`).join(' ');
const allow = (commands: readonly string[]): string => `-@all ${granted(commands)}`;

/** One Redis has no password in its configuration: there a server may read how writes are kept. */
const SINGLE_COMMANDS = ['+config|get'];

function serverRules({ keys, channels, commands }: ServerAccess): string {
  const patterns = [...keys.map((key) => `~${key}`), 'resetchannels', ...channels.map((channel) => `&${channel}`)];
  return [...patterns, ...commands].join(' ');
}

const REDIS_RULES: Readonly<Record<Exclude<RedisUser, 'gridlock'>, string>> = {
  probe: `resetkeys resetchannels ${allow(['auth', 'hello', 'ping', 'role', 'info'])}`,
  // Gives Redis a renewed certificate, and hands a primary over before its pod goes.
  keeper: `resetkeys resetchannels ${allow(['auth', 'hello', 'role', 'info', 'config|set', 'client|pause'])}`,
  // Takes a snapshot, and replaces everything by one.
  backup: `~* resetchannels ${allow(['@write'])} -migrate ${granted([
    'auth',
    'hello',
    'ping',
    'echo',
    'select',
    'info',
    'dbsize',
    'sync',
    'psync',
    'replconf',
  ])}`,
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
  // No client can be the default user, which is off. It keeps its rights, because Redis reads its append-only file as
  // that user: without them, Redis would refuse and lose the writes of scripts when it restarts.
  return ['user default off resetpass ~* &* +@all', ...users, ''].join('\n');
}

export type Topology = 'single' | 'sentinel';

/** Redis's users: only those that have a password here. Passwords are written as their hashes. */
export function redisAcl(
  topology: Topology,
  passwords: Partial<RedisPasswords>,
  access: ServerAccess = ANY_SERVER,
): string {
  const rules = [serverRules(access), ...(topology === 'single' ? SINGLE_COMMANDS : [])].join(' ');
  return aclFile({ gridlock: rules, ...REDIS_RULES }, passwords);
}

/** Sentinel's users: for clients that look for the primary, probes, hand-overs, and the other sentinels. */
export const sentinelAcl = (passwords: RedisPasswords): string => aclFile(SENTINEL_RULES, passwords);

/**
 * The files of Redis's own pods: the users, and the passwords of those that work inside the pod. One Redis knows the
 * users of a set too, so that it can become the first of one while it serves. Pure.
 */
export function redisFiles(
  topology: Topology,
  passwords: RedisPasswords,
  access: ServerAccess = ANY_SERVER,
): Record<string, string> {
  const { probe, keeper, backup, replication, sentinel } = passwords;
  const own = { 'redis.acl': redisAcl(topology, passwords, access), probe, keeper, backup };
  if (topology === 'single') return own;
  const { peers, primary } = sentinelSecrets(sentinel);
  return {
    ...own,
    'replication.conf': replicationSecret(replication),
    'sentinel.acl': sentinelAcl(passwords),
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
  /** Name of the Secret a server mounts: its own password, under `PASSWORD_KEY`. */
  readonly password: pulumi.Output<string>;
  readonly passwordChecksum: pulumi.Output<string>;
}

export interface RedisSecretsOptions {
  readonly topology: Topology;
  readonly access: ServerAccess;
  readonly namespace: pulumi.Input<string>;
  /** Name of the cluster whose Redis it is. */
  readonly cluster: string;
}

/** A password for each of Redis's users, and the Secrets that hand them out. */
export function redisSecrets(
  name: string,
  { topology, access, namespace, cluster }: RedisSecretsOptions,
  parent: pulumi.Resource,
): RedisSecrets {
  const entries = REDIS_USERS.map((user) => {
    const { result } = new random.RandomPassword(`${name}-${user}`, { length: 40, special: false }, { parent });
    return [user, result] as const;
  });
  const passwords = pulumi.all(Object.fromEntries(entries)) as unknown as pulumi.Output<RedisPasswords>;
  const secret = (suffix: string, stringData: pulumi.Output<Record<string, string>>) =>
    new kubernetes.core.v1.Secret(
      `${name}-${suffix}`,
      {
        metadata: { name: `${redisName(cluster)}-${suffix}`, namespace, labels: labelsOf({ cluster, part: 'redis' }) },
        type: 'Opaque',
        stringData: pulumi.secret(stringData),
      },
      { parent },
    );
  const checksum = (contents: pulumi.Output<Record<string, string>>) =>
    // Shows that the content changed, but not the content.
    pulumi.unsecret(contents.apply(checksumOf));
  const files = passwords.apply((known) => redisFiles(topology, known, access));
  const password = passwords.apply(({ gridlock }): Record<string, string> => ({ [PASSWORD_KEY]: gridlock }));
  return {
    files: secret('files', files).metadata.name,
    filesChecksum: checksum(files),
    password: secret('password', password).metadata.name,
    passwordChecksum: checksum(password),
  };
}
