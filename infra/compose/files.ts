import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CA_FILE, redisConfig } from '../components/redis/redis-config.ts';
import { REDIS } from '../components/redis/redis-connection.ts';
import { redisAcl } from '../components/redis/redis-users.ts';
import type { Config } from '../config/config.ts';
import { ensureCertificates } from '../local/certificates.ts';
import { ensureSecret, writePrivate } from '../local/state-dir.ts';
import { composeEdgeConfig } from './edge.ts';
import type { Owner } from './owner.ts';
import { type ComposePaths, MOUNT } from './paths.ts';

const mounted = (paths: ComposePaths): string[] => [paths.edge, paths.replica, paths.redis];

/** Makes or renews the chain, and the certificate of Redis from the same authority. */
async function certificates(paths: ComposePaths, { host }: Config) {
  const chain = await ensureCertificates(paths.pki, host, [REDIS]);
  const { issueLeaf } = await import('../../certs/index.ts');
  const redis = await issueLeaf({
    dir: paths.pki,
    dnsNames: [REDIS, 'localhost'],
    ipAddresses: [],
    out: paths.redisLeaf,
    reuse: true,
  });
  return { chain, redis, roots: readFileSync(chain.trustPath, 'utf8') };
}

function writeAll(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) writePrivate(path.join(directory, name), content);
}

/** Gives what a container mounts to its user; only root can, and only root has to. */
function handOver(paths: ComposePaths, { uid, gid }: Owner): void {
  for (const directory of mounted(paths)) {
    chmodSync(directory, 0o700);
    if (process.getuid?.() !== 0) continue;
    for (const name of readdirSync(directory)) chownSync(path.join(directory, name), uid, gid);
    chownSync(directory, uid, gid);
  }
}

/**
 * Writes what each container mounts, owned by `owner`; secrets and certificates that are there and good are kept.
 * Resolves with the path of the root certificate.
 * @throws CertificateError
 */
export async function writeComposeFiles(paths: ComposePaths, config: Config, owner: Owner): Promise<string> {
  for (const directory of [paths.root, paths.secrets, ...mounted(paths)]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  const { chain, redis, roots } = await certificates(paths, config);
  const secret = (name: string) => ensureSecret(path.join(paths.secrets, name));
  const passwords = { gridlock: secret('redis.password'), probe: secret('probe.password') };
  writeAll(paths.edge, {
    'haproxy.cfg': composeEdgeConfig(config, secret('cookie.key')),
    'leaf.pem': readFileSync(chain.leafPath, 'utf8'),
  });
  writeAll(paths.replica, {
    'token.secret': secret('token.secret'),
    'redis.password': passwords.gridlock,
    [CA_FILE]: roots,
  });
  const places = { data: '/data', config: MOUNT, scripts: MOUNT, secrets: MOUNT, tls: MOUNT, trust: MOUNT };
  writeAll(paths.redis, {
    'redis.conf': redisConfig({ config, paths: places }),
    'redis.acl': redisAcl(passwords),
    'probe.password': passwords.probe,
    'tls.crt': redis.certificates,
    'tls.key': redis.key,
    [CA_FILE]: roots,
  });
  handOver(paths, owner);
  return chain.rootPath;
}
