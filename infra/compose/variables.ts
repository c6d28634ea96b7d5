import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { mirrored } from '../components/artifacts.ts';
import { memoryLimitMib } from '../components/redis/redis-config.ts';
import { appInImage } from '../config/app.ts';
import type { Config } from '../config/config.ts';
import { localOrigins } from '../config/origin.ts';
import { type ReplicaEnvironment, replicaSettings } from '../config/replica-environment.ts';
import { isLoopback } from '../edge/options.ts';
import type { Bundle } from '../image/bundle.ts';
import { writePrivate } from '../local/state-dir.ts';
import { API_KEYS, type ComposePaths, HAPROXY_CONFIG, JWT_KEYS, MOUNT, OPERATOR_KEYS, type Owner } from './files.ts';

const PREFIX = 'GRIDLOCK_';
/** The time that a container may take beyond the drain window, to finish work under way and leave. */
const GRACE_MARGIN_MS = 8000;

/** Variables that not every configuration sets; compose.yaml always names them. */
const UNSET: ReplicaEnvironment = {
  GUESTS: 'on',
  JWT_ISSUER: '',
  JWT_AUDIENCE: '',
  JWT_JWKS_URL: '',
  JWT_NAME_CLAIM: '',
  JWT_ID_CLAIM: '',
  OTEL_EXPORTER_OTLP_ENDPOINT: '',
  OTEL_TRACES_SAMPLER_ARG: '',
};

/** The path for Compose: relative where possible, so that the checkout can be moved. */
function place(root: string, file: string): string {
  const relative = path.relative(root, file).replaceAll('\\', '/');
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : `./${relative}`;
}

/** Changes when one of these files of the directory does: the container that mounts it is then recreated. */
export function fingerprint(directory: string, names: readonly string[] = readdirSync(directory)): string {
  const hash = createHash('sha256');
  for (const name of [...names].sort()) hash.update(readFileSync(path.join(directory, name)));
  return hash.digest('hex').slice(0, 12);
}

/** The variables of compose.yaml. `root` is the directory it lies in. */
export function composeVariables(
  root: string,
  config: Config,
  paths: ComposePaths,
  { context, hash }: Bundle,
  { uid, gid }: Owner,
): Record<string, string> {
  return {
    GRIDLOCK_IMAGE: `gridlock/game:${hash}`,
    GRIDLOCK_CONTEXT: place(root, context),
    GRIDLOCK_BASE_IMAGE: mirrored(config, config.baseImage),
    GRIDLOCK_HAPROXY_IMAGE: mirrored(config, config.haproxyImage),
    GRIDLOCK_REDIS_IMAGE: mirrored(config, config.redisImage),
    GRIDLOCK_STATE: place(root, paths.root),
    GRIDLOCK_USER: `${uid}:${gid}`,
    GRIDLOCK_ADDRESS: isLoopback(config.host) ? '127.0.0.1' : '0.0.0.0',
    GRIDLOCK_PORT: String(config.port),
    GRIDLOCK_HTTP_PORT: String(config.httpPort),
    GRIDLOCK_APP: appInImage(config),
    GRIDLOCK_ORIGINS: localOrigins(config).join(','),
    ...Object.fromEntries(
      Object.entries({ ...UNSET, ...replicaSettings(config) }).map(([name, value]) => [PREFIX + name, value]),
    ),
    GRIDLOCK_JWT_KEYS_FILE: config.jwtKeysFile === '' ? '' : `${MOUNT}/${JWT_KEYS}`,
    GRIDLOCK_API_KEYS_FILE: config.apiKeysFile === '' ? '' : `${MOUNT}/${API_KEYS}`,
    GRIDLOCK_OPERATOR_KEYS_FILE: config.operatorKeysFile === '' ? '' : `${MOUNT}/${OPERATOR_KEYS}`,
    // Compose makes the network again when this changes.
    GRIDLOCK_ISSUER_INTERNAL: String(config.jwtJwksUrl === '' && config.tracesEndpoint === ''),
    GRIDLOCK_REDIS_MEMORY: `${memoryLimitMib(config.redisMemoryMib)}m`,
    GRIDLOCK_GRACE: `${Math.ceil((config.drainMs + GRACE_MARGIN_MS) / 1000)}s`,
    // Without the leaf: a rotation puts that into the running edge.
    GRIDLOCK_EDGE_FILES: fingerprint(paths.edge, [HAPROXY_CONFIG]),
    GRIDLOCK_REPLICA_FILES: fingerprint(paths.replica),
    GRIDLOCK_REDIS_FILES: fingerprint(paths.redis),
  };
}

const NOTE = '# Written by npm run compose, for compose.yaml; lines that do not begin with GRIDLOCK_ are kept.';

/** Compose takes text in single quotes literally. */
const quoted = (value: string): string => `'${value.replaceAll("'", String.raw`\'`)}'`;

/** `text` with our variables replaced by these, and everything else left alone. */
export function mergeEnv(text: string, variables: Readonly<Record<string, string>>): string {
  const kept = text.split('\n').filter((line) => line !== NOTE && !line.startsWith(PREFIX));
  while (kept.at(-1)?.trim() === '') kept.pop();
  const ours = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...kept, NOTE, ...ours, ''].join('\n');
}

/** Writes our variables into the file that `docker compose` reads next to compose.yaml. */
export function writeEnv(file: string, variables: Readonly<Record<string, string>>): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const text = mergeEnv(before, variables);
  if (text !== before) writePrivate(file, text);
}
