import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { ApiKeysError, parseApiKeys } from './api/api-keys.ts';
import { ConfigError, parseEnvironment, port } from './environment.ts';
import { LIMIT_VARIABLES, type ReplicaLimits, toLimits } from './limits.ts';
import { REDIS_VARIABLES, type RedisSettings, redisSettings } from './redis/settings.ts';
import { ClientAddress, PRIVATE_NETWORKS } from './session/client-address.ts';
import { ISSUER_VARIABLES, type IssuerSettings, issuerSettings } from './session/issuer-settings.ts';
import { TRACE_VARIABLES, type TraceSettings, traceSettings } from './traces/trace-settings.ts';

const milliseconds = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,7}$/, 'is not a number of milliseconds'),
    v.transform(Number),
    v.minValue(min, `is less than ${min} ms`),
    v.maxValue(max, `is more than ${max} ms`),
  );
const networks = v.pipe(
  v.string(),
  v.transform((text) =>
    text
      .split(',')
      .map((network) => network.trim())
      .filter(Boolean),
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    try {
      return new ClientAddress(value);
    } catch {
      addIssue({ message: 'has an entry that is not a network such as 10.0.0.0/8' });
      return NEVER;
    }
  }),
);
const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;
const origins = v.pipe(
  v.string(),
  v.transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  ),
  v.minLength(1, 'is empty; give the origins of the page, separated by commas'),
  v.everyItem(isOrigin, 'has an entry that is not an origin such as https://localhost:8443'),
);

const Environment = v.object({
  APPID: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,32}$/, 'is not 1 to 32 characters of A-Z a-z 0-9 _ -')),
    '1111',
  ),
  HOST: v.optional(v.pipe(v.string(), v.nonEmpty('is empty')), '127.0.0.1'),
  PORT: v.optional(port, '8080'),
  SOCKET_PATH: v.optional(
    v.pipe(v.string(), v.nonEmpty('is empty'), v.maxLength(103, 'is longer than 103 characters')),
  ),
  INTERNAL_HOST: v.optional(v.pipe(v.string(), v.nonEmpty('is empty')), '127.0.0.1'),
  INTERNAL_PORT: v.optional(port, '9090'),
  ...REDIS_VARIABLES,
  TOKEN_SECRET_FILE: v.string(),
  ALLOWED_ORIGINS: origins,
  ...ISSUER_VARIABLES,
  API_KEYS_FILE: v.optional(v.string()),
  OPERATOR_KEYS_FILE: v.optional(v.string()),
  APP: v.optional(v.pipe(v.string(), v.nonEmpty('is empty')), 'grid'),
  DESIGN: v.optional(v.picklist(['stateless', 'stateful'], 'is neither stateless nor stateful'), 'stateless'),
  TRUSTED_PROXIES: v.optional(networks, PRIVATE_NETWORKS.join(',')),
  ...LIMIT_VARIABLES,
  ...TRACE_VARIABLES,
  WEB_ROOT: v.optional(v.string()),
  EDGE_METRICS_URL: v.optional(
    v.pipe(v.string(), v.regex(/^http:\/\/[^\s/]+$/, 'is not an address such as http://127.0.0.1:9101')),
  ),
  CONTROL_SOCKET: v.optional(v.pipe(v.string(), v.nonEmpty('is empty'))),
  EDGE_ADDRESS: v.optional(v.pipe(v.string(), v.regex(/^[^\s/]+:\d{1,5}$/, 'is not host:port'))),
  CERTIFICATE_ROOTS_FILE: v.optional(v.string()),
  HEARTBEAT_MS: v.optional(milliseconds(100, 25_000), '15000'),
  DRAIN_MS: v.optional(milliseconds(0, 600_000), '1500'),
  REBALANCE_PERCENT: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, 'is not a number of percent'),
      v.transform(Number),
      v.maxValue(100, 'is more than 100 percent'),
    ),
    '2',
  ),
  LOG_LEVEL: v.optional(
    v.picklist(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'is not a log level such as info'),
    'info',
  ),
});

/** The name of an environment variable that a replica reads. */
export type ReplicaVariable = keyof typeof Environment.entries;

/** The names of all these variables, for the code that starts a replica. */
export const REPLICA_VARIABLES = Object.freeze(Object.keys(Environment.entries)) as readonly ReplicaVariable[];

/** The configuration of a replica. Times are milliseconds. */
export interface Config {
  readonly appId: string;
  readonly host: string;
  readonly port: number;
  /** A UNIX socket to listen on too, for an edge on the same machine. */
  readonly socketPath: string | undefined;
  readonly internalHost: string;
  readonly internalPort: number;
  readonly redis: RedisSettings;
  readonly tokenSecret: Uint8Array;
  readonly allowedOrigins: ReadonlySet<string>;
  /** The identity provider whose JWTs open sessions and connections. */
  readonly issuer: IssuerSettings | undefined;
  /** The keys of backends. Without keys there is no HTTP API. */
  readonly apiKeysFile: string | undefined;
  /** The keys of operators. Without keys the operations page only shows data. */
  readonly operatorKeysFile: string | undefined;
  /** Whether players without a JWT may come in. */
  readonly guests: boolean;
  /** The proxies that may name a client's address. */
  readonly clientAddress: ClientAddress;
  readonly limits: ReplicaLimits;
  /** The application: the name of a built-in one, or a path. */
  readonly app: string;
  readonly design: 'stateless' | 'stateful';
  readonly webRoot: string | undefined;
  /** `host:port` where the edge is reached from here, to look at its certificate; that of the first origin if not given. */
  readonly edgeAddress: string | undefined;
  /** The URL of the edge's metrics, on an internal port. */
  readonly edgeMetricsUrl: string | undefined;
  /** The UNIX socket of the supervisor, where `npm start` runs this replica. */
  readonly controlSocket: string | undefined;
  /** PEM of the roots that players trust. */
  readonly rootsFile: string | undefined;
  readonly heartbeatMs: number;
  readonly drainMs: number;
  /** The largest part of its sockets that a replica sends to others in a second, in percent; 0 for never. */
  readonly rebalancePercent: number;
  readonly logLevel: string;
  /** Where traces are sent; undefined if traces are off. */
  readonly traces: TraceSettings | undefined;
}

/**
 * Reads the configuration of a replica from its environment and the secret files this names. Throws a
 * `ConfigError`.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const env = parseEnvironment(Environment, environment);
  if (env.WEB_ROOT !== undefined && !statSync(env.WEB_ROOT, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigError(`WEB_ROOT, ${env.WEB_ROOT}, is not a directory; build the page or correct the path.`);
  }
  const tokenSecret = readSecret('TOKEN_SECRET_FILE', env.TOKEN_SECRET_FILE);
  if (tokenSecret.length < 32) {
    throw new ConfigError('The file of TOKEN_SECRET_FILE holds less than 32 bytes; write 32 random ones to it.');
  }
  const readText = (variable: string, path: string) => readSecret(variable, path).toString('utf8');
  const refuse = (sentence: string): never => {
    throw new ConfigError(sentence);
  };
  const redis = redisSettings(env, readText, refuse);
  for (const variable of ['API_KEYS_FILE', 'OPERATOR_KEYS_FILE'] as const) {
    const file = env[variable];
    if (file !== undefined) checkKeys(variable, readText(variable, file), refuse);
  }
  return Object.freeze({
    appId: env.APPID,
    host: env.HOST,
    port: env.PORT,
    socketPath: env.SOCKET_PATH,
    internalHost: env.INTERNAL_HOST,
    internalPort: env.INTERNAL_PORT,
    redis,
    tokenSecret,
    allowedOrigins: new Set(env.ALLOWED_ORIGINS),
    issuer: issuerSettings(env, readText, refuse),
    apiKeysFile: env.API_KEYS_FILE,
    operatorKeysFile: env.OPERATOR_KEYS_FILE,
    guests: env.GUESTS === 'on',
    clientAddress: env.TRUSTED_PROXIES,
    limits: toLimits(env),
    app: env.APP,
    design: env.DESIGN,
    webRoot: env.WEB_ROOT,
    edgeAddress: env.EDGE_ADDRESS,
    edgeMetricsUrl: env.EDGE_METRICS_URL,
    controlSocket: env.CONTROL_SOCKET,
    rootsFile: env.CERTIFICATE_ROOTS_FILE,
    heartbeatMs: env.HEARTBEAT_MS,
    drainMs: env.DRAIN_MS,
    rebalancePercent: env.REBALANCE_PERCENT,
    logLevel: env.LOG_LEVEL,
    traces: traceSettings(env),
  });
}

function checkKeys(variable: string, text: string, refuse: (sentence: string) => never): void {
  try {
    parseApiKeys(text);
  } catch (error) {
    if (!(error instanceof ApiKeysError)) throw error;
    refuse(`The file of ${variable} cannot be used: ${error.message}.`);
  }
}

function readSecret(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const mend = 'create it or correct the path';
    throw new ConfigError(`The file of ${variable}, ${path}, cannot be read (${code}); ${mend}.`);
  }
}
