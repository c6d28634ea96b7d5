// The settings and files by which a replica reaches Redis.
import type { types } from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { REDIS_PASSWORD_DIRECTORY, REDIS_TRUST_DIRECTORY, type RedisConnection } from '../redis/redis-connection.ts';
import type { MountedFiles } from './replicas-args.ts';

type EnvVar = types.input.core.v1.EnvVar;

/** The password, and the roots of Redis's certificate, as files. */
export function redisFiles({ passwordSecret, trust }: RedisConnection): MountedFiles[] {
  return [
    ...(passwordSecret
      ? [
          {
            name: 'redis',
            directory: REDIS_PASSWORD_DIRECTORY,
            secret: passwordSecret.name,
            keys: [passwordSecret.key],
          },
        ]
      : []),
    ...(trust
      ? [{ name: 'redis-trust', directory: REDIS_TRUST_DIRECTORY, configMap: trust.configMap, keys: [trust.key] }]
      : []),
  ];
}

const variable = (env: readonly EnvVar[], name: string): pulumi.Input<string> | undefined =>
  env.find((each) => each.name === name)?.value as pulumi.Input<string> | undefined;

/**
 * The variables of a server that reads no file: `REDIS_URL` with user and password, which Kubernetes inserts from the
 * Secret. Node.js also gets the roots of Redis's certificate.
 */
export function redisVariables({ env, passwordSecret, trust }: RedisConnection): EnvVar[] {
  const url = variable(env, 'REDIS_URL');
  const user = variable(env, 'REDIS_USERNAME') ?? '';
  const roots =
    trust === undefined ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: `${REDIS_TRUST_DIRECTORY}/${trust.key}` }];
  if (url === undefined || passwordSecret === undefined) return [...env, ...roots];
  const { name, key, urlKey = key } = passwordSecret;
  return [
    { name: 'REDIS_PASSWORD', valueFrom: { secretKeyRef: { name, key: urlKey } } },
    ...env.filter((each) => each.name !== 'REDIS_URL'),
    {
      name: 'REDIS_URL',
      value: pulumi
        .all([url, user])
        .apply(([plain, name]) => plain.replace('://', `://${encodeURIComponent(name)}:$(REDIS_PASSWORD)@`)),
    },
    ...roots,
  ];
}
