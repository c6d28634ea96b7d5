import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { parseRedisUrl, type RedisAddress } from '../../config/redis-url.ts';
import { labelsOf } from '../labels.ts';
import type { PartArgs } from '../part.ts';
import {
  type EnvVar,
  PASSWORD_KEY,
  passwordFile,
  REDIS_TRUST_DIRECTORY,
  type RedisConnection,
  redisName,
  type Trust,
} from './redis-connection.ts';
import { checksumOf } from './redis-users.ts';

const ROOTS_KEY = 'roots.pem';
/** The password with special characters as escapes. */
const URL_PASSWORD_KEY = 'url-password';

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

export interface RedisExternalArgs extends PartArgs {
  /**
   * The address of Redis: `rediss://user:password@host:port/database`, or several hosts of a Cluster with commas
   * between. The password becomes a Secret.
   */
  readonly url: string;
  /** Roots of its certificate as PEM; default: the public ones. */
  readonly roots?: string;
}

/** An external Redis, one or a Cluster: only its address and a Secret with the password. */
export class RedisExternal extends pulumi.ComponentResource {
  readonly connection: RedisConnection;

  constructor(name: string, args: RedisExternalArgs, opts?: pulumi.ComponentResourceOptions) {
    // The type of a Redis of the cluster's own: the Secret is updated when one becomes the other.
    super('gridlock:components:Redis', name, {}, opts);
    const { url, roots, namespace, cluster = name } = args;
    const address = parseRedisUrl(url);
    const metadataOf = (suffix: string) => ({
      name: `${redisName(cluster)}-${suffix}`,
      namespace,
      labels: labelsOf({ cluster, part: 'redis' }),
    });
    const trust =
      roots === undefined
        ? undefined
        : new kubernetes.core.v1.ConfigMap(
            `${name}-trust`,
            { metadata: metadataOf('trust'), data: { [ROOTS_KEY]: roots } },
            { parent: this },
          );
    const { password = '' } = address;
    const files = { [PASSWORD_KEY]: password, [URL_PASSWORD_KEY]: encodeURIComponent(password) };
    const secret =
      address.password === undefined
        ? undefined
        : new kubernetes.core.v1.Secret(
            `${name}-password`,
            { metadata: metadataOf('password'), type: 'Opaque', stringData: pulumi.secret(files) },
            { parent: this },
          );
    this.connection = {
      env: externalEnv(address, trust && { configMap: trust.metadata.name, key: ROOTS_KEY }),
      passwordSecret: secret && { name: secret.metadata.name, key: PASSWORD_KEY, urlKey: URL_PASSWORD_KEY },
      trust: trust && { configMap: trust.metadata.name, key: ROOTS_KEY },
      checksum: checksumOf(files),
      ready: secret,
      ports: [...new Set(address.hosts.map((host) => Number(host.slice(host.lastIndexOf(':') + 1))))],
    };
    this.registerOutputs({});
  }
}
