import path from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../config/config.ts';
import { ensureCertificates } from '../local/certificates.ts';
import { ensureSecret, writePrivate } from '../local/state-dir.ts';
import {
  type ComposePaths,
  composeEdgeConfig,
  HAPROXY_CONFIG,
  handOver,
  makeDirectories,
  type Owner,
  writeAll,
  writeEdgeFiles,
} from './files.ts';
import { REDIS_HOST, serverCompose, serverNames, serverRedisConfig } from './server-compose.ts';
import { fingerprint } from './variables.ts';

const NOTE = '# Written by npm run compose from the configuration; changes here are lost the next time.\n';

/**
 * Writes the files that the containers of the user's own server mount, and the file for Docker Compose. Resolves with
 * the path of the root certificate.
 * @throws CertificateError
 */
export async function prepareUserServer(paths: ComposePaths, config: Config, owner: Owner): Promise<string> {
  makeDirectories(paths);
  // The authority is the one of Gridlock's replicas, and may sign for their Redis too.
  const chain = await ensureCertificates(paths.pki, config.host, [REDIS_HOST]);
  const servers = serverNames(config).map((name) => ({ name, address: name, port: config.serverPort }));
  const cookieKey = ensureSecret(path.join(paths.secrets, 'cookie.key'));
  await writeEdgeFiles(paths, config, composeEdgeConfig(config, cookieKey, servers), chain);
  const password = ensureSecret(path.join(paths.secrets, 'server-redis.password'));
  writeAll(paths.serverRedis, {
    'redis.conf': serverRedisConfig(password, config.redisMemoryMib),
    'redis.password': password,
  });
  handOver(paths, owner);
  const fingerprints = {
    edge: fingerprint(paths.edge, [HAPROXY_CONFIG]),
    redis: fingerprint(paths.serverRedis),
  };
  const compose = serverCompose({ config, owner, fingerprints, password });
  writePrivate(paths.composeFile, NOTE + stringify(compose, { aliasDuplicateObjects: false, lineWidth: 0 }));
  return chain.rootPath;
}
