import { readFileSync } from 'node:fs';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type Config, ConfigError, fromCheckout } from '../../config/config.ts';
import { parseRedisUrl, type RedisAddress } from '../../config/redis-url.ts';
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

const ROOTS_KEY = 'roots.pem';

/**
 * The address of the configuration. That it is set is checked before: what only the engine can decrypt reads as empty.
 * @throws ConfigError with a sentence
 */
export function addressOf({ redisUrl }: Pick<Config, 'redisUrl'>): RedisAddress {
  if (redisUrl !== '') return parseRedisUrl(redisUrl);
  throw new ConfigError(
    'redisUrl is encrypted, and only the Pulumi engine can decrypt it: give it as --redis-url, or use npm run up.',
  );
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
    const address = addressOf(config);
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
