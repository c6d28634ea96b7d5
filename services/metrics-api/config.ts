import * as v from 'valibot';
import { parseEnvironment, port } from '../server/environment.ts';

const milliseconds = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{1,5}$/, 'is not a number of milliseconds from 10 to 999999'),
  v.transform(Number),
);
const name = v.pipe(v.string(), v.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'is not the name of a namespace'));

const Environment = v.object({
  NAMESPACE: name,
  HOST: v.optional(v.string(), '0.0.0.0'),
  PORT: v.optional(port, '8443'),
  TLS_DIRECTORY: v.optional(v.string(), '/etc/gridlock/tls'),
  ACCOUNT_DIRECTORY: v.optional(v.string(), '/var/run/secrets/kubernetes.io/serviceaccount'),
  KUBERNETES_SERVICE_HOST: v.pipe(v.string(), v.nonEmpty('is empty')),
  KUBERNETES_SERVICE_PORT: v.optional(port, '443'),
  SCRAPE_MS: v.optional(milliseconds, '2000'),
  RELOAD_MS: v.optional(milliseconds, '10000'),
  LOG_LEVEL: v.optional(
    v.picklist(['fatal', 'error', 'warn', 'info', 'debug', 'silent'], 'is not a log level'),
    'info',
  ),
});

/** Everything the metrics API is told from outside. Times are milliseconds. */
export interface Config {
  /** The one namespace it answers for. */
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  /** Directory of `tls.crt` (leaf and intermediate) and `tls.key`. */
  readonly tlsDirectory: string;
  /** Directory of `token` and `ca.crt` of the service account. */
  readonly accountDirectory: string;
  readonly apiServer: URL;
  /** What one replica may take to answer. */
  readonly scrapeMs: number;
  /** How often certificate and front proxy are looked at again. */
  readonly reloadMs: number;
  readonly logLevel: string;
}

/** Reads the configuration from the environment. Throws a `ConfigError`. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const env = parseEnvironment(Environment, environment);
  const host = env.KUBERNETES_SERVICE_HOST;
  return Object.freeze({
    namespace: env.NAMESPACE,
    host: env.HOST,
    port: env.PORT,
    tlsDirectory: env.TLS_DIRECTORY,
    accountDirectory: env.ACCOUNT_DIRECTORY,
    apiServer: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT}`),
    scrapeMs: env.SCRAPE_MS,
    reloadMs: env.RELOAD_MS,
    logLevel: env.LOG_LEVEL,
  });
}
