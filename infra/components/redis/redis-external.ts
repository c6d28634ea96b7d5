import { readFileSync } from 'node:fs';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { fromCheckout } from '../../config/checkout.ts';
import { type Config, ConfigError } from '../../config/config.ts';
import { labels } from '../labels.ts';
import {
  type EnvVar,
  PASSWORD_KEY,
  passwordFile,
  REDIS,
  REDIS_TRUST_DIRECTORY,
  type RedisConnection,
  type Trust,
} from './redis-connection.ts';
import { checksumOf } from './redis-users.ts';

/** What an address of Redis says, with the password apart from the rest. */
export interface RedisAddress {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** `host:port` each; several are a Cluster. */
  readonly hosts: readonly string[];
  /** Number of the database; 0 in a Cluster. */
  readonly database: number;
}

const DEFAULT_PORT = 6379;
const ROOTS_KEY = 'roots.pem';

/** `[user:password@]`; a lone part before the `@` is the user, as in every URL. */
function readUser(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined) return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  const [user, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  return {
    username: decodeURIComponent(user) || undefined,
    password: decodeURIComponent(password) || undefined,
  };
}

const withPort = (host: string): string => (/:\d+$/.test(host) ? host : `${host}:${DEFAULT_PORT}`);

/**
 * Reads `rediss://user:password@host:port,host:port/0`. Pure.
 * @throws ConfigError with a sentence, which does not repeat the address as it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const match = /^(rediss?):\/\/(?:([^@/]*)@)?([^@/]+)(?:\/(\d*))?$/.exec(url);
  if (!match) {
    throw new ConfigError('redisUrl is no address of Redis: write it like rediss://user:password@host:6379.');
  }
  const [, scheme, user, hosts = '', database] = match;
  const addresses = hosts.split(',').filter(Boolean).map(withPort);
  if (addresses.length > 1 && Number(database ?? 0) !== 0) {
    throw new ConfigError('redisUrl names several hosts, a Cluster, and a database: a Cluster has only database 0.');
  }
  return { tls: scheme === 'rediss', ...readUser(user), hosts: addresses, database: Number(database ?? 0) };
}

/** The variables of a replica for an address; the password is not among them. Pure. */
export function externalEnv({ tls, username, password, hosts, database }: RedisAddress, trust?: Trust): EnvVar[] {
  const env =
    hosts.length > 1
      ? { REDIS_CLUSTER: hosts.join(','), REDIS_TLS: String(tls) }
      : { REDIS_URL: `${tls ? 'rediss' : 'redis'}://${hosts[0]}${database === 0 ? '' : `/${database}`}` };
  const account = {
    ...(username === undefined ? {} : { REDIS_USERNAME: username }),
    ...(password === undefined ? {} : { REDIS_PASSWORD_FILE: passwordFile }),
    ...(trust === undefined ? {} : { REDIS_CA_FILE: `${REDIS_TRUST_DIRECTORY}/${trust.key}` }),
  };
  return Object.entries({ ...env, ...account }).map(([name, value]) => ({ name, value }));
}

/**
 * The roots of a private authority; undefined where the public ones do.
 * @throws ConfigError with a sentence
 */
export function readRoots(file: string): string | undefined {
  if (file === '') return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `redisCaFile, ${file}, cannot be read (${(error as NodeJS.ErrnoException).code}): correct the path.`,
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new ConfigError(`redisCaFile, ${file}, holds no certificate: give a PEM file of the roots.`);
}

export interface RedisExternalArgs {
  /**
   * `redisUrl` with its password, which becomes a Secret; `redisCaFile` unless its certificate is a public
   * one.
   */
  readonly config: Pick<Config, 'redisUrl' | 'redisCaFile'>;
  /** Namespace of the game. */
  readonly namespace: pulumi.Input<string>;
}

/**
 * A Redis of somebody else's: one, or a Cluster. Here are only its address and a Secret with the password.
 */
export class RedisExternal extends pulumi.ComponentResource {
  readonly connection: RedisConnection;

  constructor(name: string, { config, namespace }: RedisExternalArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:RedisExternal', name, {}, opts);
    // The checks make sure that it is set; what only the engine can decrypt reads as empty elsewhere.
    if (config.redisUrl === '') {
      throw new ConfigError(
        'redisUrl is encrypted, and only the Pulumi engine can decrypt it: give it as --redis-url, or use npm run up.',
      );
    }
    const address = parseRedisUrl(config.redisUrl);
    const roots = readRoots(config.redisCaFile === '' ? '' : fromCheckout(config.redisCaFile));
    const metadata = { namespace, labels: labels(REDIS) };
    const trust =
      roots === undefined
        ? undefined
        : new kubernetes.core.v1.ConfigMap(
            `${name}-trust`,
            { metadata: { ...metadata, name: `${REDIS}-trust` }, data: { [ROOTS_KEY]: roots } },
            { parent: this },
          );
    const files = { [PASSWORD_KEY]: address.password ?? '' };
    const secret =
      address.password === undefined
        ? undefined
        : new kubernetes.core.v1.Secret(
            name,
            {
              metadata: { ...metadata, name: `${REDIS}-password` },
              type: 'Opaque',
              stringData: pulumi.secret(files),
            },
            { parent: this },
          );
    this.connection = {
      env: externalEnv(address, trust && { configMap: trust.metadata.name, key: ROOTS_KEY }),
      passwordSecret: secret && { name: secret.metadata.name, key: PASSWORD_KEY },
      trust: trust && { configMap: trust.metadata.name, key: ROOTS_KEY },
      checksum: checksumOf(files),
      ready: secret,
      ports: [...new Set(address.hosts.map((host) => Number(host.slice(host.lastIndexOf(':') + 1))))],
    };
    this.registerOutputs({});
  }
}
