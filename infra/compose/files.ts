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

/** The path in a container of the directory that it mounts. */
export const MOUNT = '/etc/gridlock';
/** The path in the edge of the directory that it writes to. */
export const RUN_MOUNT = '/run/gridlock';
const RUNTIME_SOCKET = 'haproxy.sock';
const LEAF = 'leaf.pem';
export const HAPROXY_CONFIG = 'haproxy.cfg';
/** The public keys of the issuer, in the directory of the replicas. */
export const JWT_KEYS = 'jwt.keys';
/** The keys of backends, in the same directory. */
export const API_KEYS = 'api.keys';
/** The keys of operators, in the same directory. */
export const OPERATOR_KEYS = 'operator.keys';

/**
 * Every file for the containers; absolute. Each container mounts only the files it needs. No container mounts the keys
 * of the authorities, in `pki`.
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
    /** Secrets that are kept from one preparation to the next, readable by their owner only. */
    secrets: path.join(root, 'secrets'),
    edge,
    replica,
    redis,
    /** For the Redis of the user's own server. */
    serverRedis: path.join(root, 'server-redis'),
    /** The directory of the socket of the edge's Runtime API. */
    run: path.join(root, 'run'),
    /** The file that Docker Compose reads for the user's own server. */
    composeFile: path.join(root, 'compose.yaml'),
  });
}

export type ComposePaths = ReturnType<typeof composePaths>;

/** The user a container runs as. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The user of the containers for root, and on a system without numbers for users. */
const STRANGER: Owner = { uid: 10_001, gid: 10_001 };

/**
 * The user of the containers. They read files of mode 0600 that belong to the user who prepares them, so they run as
 * that user. For root they run as another user, who gets the files. Under rootless Docker, only root in the container
 * is that person.
 */
export function chooseOwner(person: Owner | undefined, rootless: boolean): Owner {
  if (rootless) return { uid: 0, gid: 0 };
  return person === undefined || person.uid === 0 ? STRANGER : person;
}

/** Determines the user of the containers from the system and Docker. */
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
/** The port of the edge's metrics for the replicas; it is not published. */
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
    // The container of a replica may have another address after a restart.
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

/**
 * Writes the files that the edge mounts, and records which edge serves the authority's leaf, so that a rotation closes
 * no socket.
 */
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

/** Gives the files that a container mounts to its user. Only root can do this, and only root has to. */
export function handOver(paths: ComposePaths, { uid, gid }: Owner): void {
  for (const directory of mounted(paths)) {
    chmodSync(directory, 0o700);
    if (process.getuid?.() !== 0) continue;
    for (const name of readdirSync(directory)) chownSync(path.join(directory, name), uid, gid);
    chownSync(directory, uid, gid);
  }
}

/**
 * Writes what each container mounts, owned by `owner`; valid secrets and certificates are kept. Resolves with the path
 * of the root certificate.
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
