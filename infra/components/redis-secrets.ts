import { createHash } from 'node:crypto';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { labels } from './labels.ts';
import { type RedisPasswords, type RedisUser, redisAcl, sentinelAcl } from './redis-acl.ts';
import { replicationSecret, sentinelSecrets } from './redis-config.ts';
import { PASSWORD_KEY } from './redis-connection.ts';
import { REDIS } from './redis-names.ts';

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
    new k8s.core.v1.Secret(
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
