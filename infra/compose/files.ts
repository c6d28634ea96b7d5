import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Chain } from '../../certs/index.ts';
import { CA_FILE, redisConfig } from '../components/redis/redis-config.ts';
import { redisAcl } from '../components/redis/redis-users.ts';
import { readApiKeys, readOperatorKeys } from '../config/api-keys.ts';
import type { Config } from '../config/config.ts';
import { edgeSettings } from '../config/edge-settings.ts';
import { readJwtKeys } from '../config/jwt-keys.ts';
import type { EdgeServer } from '../edge/options.ts';
import { renderEdge } from '../edge/render.ts';
import { ensureCertificates } from '../local/certificates.ts';
import { ensureSecret, writePrivate } from '../local/state-dir.ts';
import { replicaAccess } from '../program/replica-access.ts';

const run = promisify(execFile);

/** Where a container has the directory it is given. */
export const MOUNT = '/etc/gridlock';
/** Where the edge has the one that it writes to. */
export const RUN_MOUNT = '/run/gridlock';
const RUNTIME_SOCKET = 'haproxy.sock';
const LEAF = 'leaf.pem';
export const HAPROXY_CONFIG = 'haproxy.cfg';
/** The public keys of the issuer, in the directory of the replicas. */
export const JWT_KEYS = 'jwt.keys';
/** The keys of backends, there too. */
export const API_KEYS = 'api.keys';
/** Those of operators, too. */
export const OPERATOR_KEYS = 'operator.keys';

/**
 * Every file the containers are given; absolute. Each container mounts what it needs and nothing else: the keys of the
 * authorities, in `pki`, are in none.
 */
export function composePaths(stateDir: string) {
  const root = path.resolve(stateDir, 'compose');
  const [edge, replica, redis] = ['edge', 'replica', 'redis'].map((name) => path.join(root, name)) as [
    string,
    string,
    string,
  ];
  return Object.freeze({
    root,
    pki: path.join(root, 'pki'),
    redisLeaf: path.join(root, 'pki', 'redis.pem'),
    /** What is kept from one preparation to the next, by its owner only. */
    secrets: path.join(root, 'secrets'),
    edge,
    replica,
    redis,
    /** Of the Redis of a server of the user's. */
    serverRedis: path.join(root, 'server-redis'),
    /** Where the edge has the socket of its Runtime API. */
    run: path.join(root, 'run'),
    /** Of a server of the user's: what Docker Compose reads. */
    composeFile: path.join(root, 'compose.yaml'),
  });
}

export type ComposePaths = ReturnType<typeof composePaths>;

/** The user a container runs as. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** For those who have no user to share: root, and a system without numbers for users. */
const STRANGER: Owner = { uid: 10_001, gid: 10_001 };

/**
 * The user of the containers: they read what the person who prepares it owns (mode 0600), so they run as that
 * person. Root's containers do not run as root: the files are given to them. Where Docker itself runs without root,
 * the container's root is that person and nobody else is.
 */
export function chooseOwner(person: Owner | undefined, rootless: boolean): Owner {
  if (rootless) return { uid: 0, gid: 0 };
  return person === undefined || person.uid === 0 ? STRANGER : person;
}

/** Asks the system, and Docker, for the user of the containers. */
export async function findOwner(): Promise<Owner> {
  const person = process.getuid && process.getgid ? { uid: process.getuid(), gid: process.getgid() } : undefined;
  const options = await run('docker', ['info', '--format', '{{.SecurityOptions}}']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return chooseOwner(person, options.includes('name=rootless'));
}

/** The replicas that compose.yaml names. */
export const REPLICAS = ['ws1', 'ws2', 'ws3', 'ws4'] as const;
/** The container of Redis. */
const REDIS = 'redis';
/** Ports of a replica in its container. */
const PORT = 8080;
export const INTERNAL_PORT = 9090;
/** Where the edge tells its figures to the replicas, published nowhere. */
export const EDGE_METRICS_PORT = 8404;

/** The edge of `npm start`, with the servers by the names Compose gives them. Paths are the container's. */
export function composeEdgeConfig(
  config: Config,
  cookieKey: string,
  servers: readonly EdgeServer[],
  metrics?: string,
): string {
  return renderEdge({
    settings: edgeSettings(config),
    servers,
    // The container of a replica that starts again may have another address.
    resolveNames: true,
    certificate: `${MOUNT}/${LEAF}`,
    cookieKey,
    runtimeSocket: `${RUN_MOUNT}/${RUNTIME_SOCKET}`,
    addresses: ['*'],
    ...(metrics === undefined ? {} : { metrics }),
  });
}

const gridlockReplicas = REPLICAS.map((name) => ({ name, address: name, port: PORT, checkPort: INTERNAL_PORT }));

const mounted = (paths: ComposePaths): string[] => [
  paths.edge,
  paths.replica,
  paths.redis,
  paths.serverRedis,
  paths.run,
];

/** Makes the directories of the containers. */
export function makeDirectories(paths: ComposePaths): void {
  for (const directory of [paths.root, paths.secrets, ...mounted(paths)]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
}

/** Writes what the edge mounts, and tells the authority which edge serves its leaf: a rotation closes no socket. */
export async function writeEdgeFiles(
  paths: ComposePaths,
  { port }: Pick<Config, 'port'>,
  haproxy: string,
  { leafPath, changed }: Pick<Chain, 'leafPath' | 'changed'>,
): Promise<void> {
  const leaf = readFileSync(leafPath, 'utf8');
  writeAll(paths.edge, { [HAPROXY_CONFIG]: haproxy, [LEAF]: leaf });
  const edge = {
    runtimeSocket: path.join(paths.run, RUNTIME_SOCKET),
    certificate: `${MOUNT}/${LEAF}`,
    endpoints: [{ host: '127.0.0.1', port, serverName: 'localhost' }],
  };
  const { isRunning, push, writeEdge } = await import('../../certs/edge/edge-deployment.ts');
  writeEdge(paths.pki, { ...edge, runtimeSocket: path.relative(paths.pki, edge.runtimeSocket) });
  if (changed.length > 0 && (await isRunning(edge))) await push(edge, leaf);
}

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

/** Writes files that only their owner reads. */
export function writeAll(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) writePrivate(path.join(directory, name), content);
}

/** Gives what a container mounts to its user; only root can, and only root has to. */
export function handOver(paths: ComposePaths, { uid, gid }: Owner): void {
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
  makeDirectories(paths);
  const { chain, redis, roots } = await certificates(paths, config);
  const secret = (name: string) => ensureSecret(path.join(paths.secrets, name));
  const passwords = { gridlock: secret('redis.password'), probe: secret('probe.password') };
  const haproxy = composeEdgeConfig(config, secret('cookie.key'), gridlockReplicas, `*:${EDGE_METRICS_PORT}`);
  await writeEdgeFiles(paths, config, haproxy, chain);
  const given = {
    [JWT_KEYS]: readJwtKeys(config),
    [API_KEYS]: readApiKeys(config),
    [OPERATOR_KEYS]: readOperatorKeys(config),
  };
  for (const [name, text] of Object.entries(given)) {
    if (text === undefined) rmSync(path.join(paths.replica, name), { force: true });
    else writeAll(paths.replica, { [name]: text });
  }
  writeAll(paths.replica, {
    'token.secret': secret('token.secret'),
    'redis.password': passwords.gridlock,
    [CA_FILE]: roots,
  });
  const places = { data: '/data', config: MOUNT, scripts: MOUNT, secrets: MOUNT, tls: MOUNT, trust: MOUNT };
  writeAll(paths.redis, {
    'redis.conf': redisConfig({
      persistence: config.redisPersistence,
      memoryMib: config.redisMemoryMib,
      paths: places,
    }),
    'redis.acl': redisAcl('single', passwords, replicaAccess),
    'probe.password': passwords.probe,
    'tls.crt': redis.certificates,
    'tls.key': redis.key,
    [CA_FILE]: roots,
  });
  handOver(paths, owner);
  return chain.rootPath;
}
