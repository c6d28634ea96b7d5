import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisOptions } from 'ioredis';
import type { RedisSettings } from '../redis/settings.ts';
import { localCertificate } from './certificate.ts';

/** What the README tells to allow, and nothing else. */
const RULES =
  '~gridlock:* &gridlock:* +@read +@write +@pubsub +@scripting +@connection +@transaction -@dangerous ' +
  '+info +config|get +time';
const CLUSTER_RULES = '+cluster|slots +cluster|info';

export interface RedisSecurity {
  /** Lines of the configuration of a Redis that listens on this port with TLS only. */
  config(port: number): readonly string[];
  /** Of a node that may do everything, such as to make it one of a cluster. */
  readonly admin: Omit<RedisOptions, 'replyMapping'>;
  /** How a replica proves who it is. */
  readonly settings: Pick<RedisSettings, 'username' | 'password' | 'tls'>;
  remove(): Promise<void>;
}

/** A certificate for Redis, and two users: one for the game, and one for the test. */
export async function redisSecurity({ inCluster = false } = {}): Promise<RedisSecurity> {
  const directory = await mkdtemp(join(tmpdir(), 'gridlock-redis-tls-'));
  const { certificate, key } = await localCertificate();
  const [certificateFile, keyFile] = ['redis.pem', 'redis.key'].map((name) => join(directory, name)) as [
    string,
    string,
  ];
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key);
  const users = [
    'user default off',
    `user game on >secret ${RULES} ${inCluster ? CLUSTER_RULES : ''}`,
    'user admin on >admin-secret ~* &* +@all',
  ];
  // Among themselves, too.
  const peers = inCluster
    ? ['tls-cluster yes', 'tls-replication yes', 'masteruser admin', 'masterauth admin-secret']
    : [];
  return {
    config: (port) => [
      'port 0',
      `tls-port ${port}`,
      `tls-cert-file ${certificateFile}`,
      `tls-key-file ${keyFile}`,
      `tls-ca-cert-file ${certificateFile}`,
      'tls-auth-clients no',
      ...users,
      ...peers,
    ],
    admin: { tls: { ca: certificate }, username: 'admin', password: 'admin-secret' },
    settings: { username: 'game', password: 'secret', tls: { ca: certificate } },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
