import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type Topology =
  | { readonly kind: 'single'; readonly address: Address; readonly db: number }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly Address[];
      /** The name by which the Sentinels know the primary. */
      readonly masterName: string;
      /** Of the Sentinels themselves; without a name the password is that of their default user. */
      readonly sentinelUsername: string | undefined;
      readonly sentinelPassword: string | undefined;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly Address[] };

export interface RedisTls {
  /** The roots trusted at this moment, as PEM; those of the system when undefined. */
  readonly ca: string | undefined;
}

/** Where Redis is, and how a replica proves to it who it is. */
export interface RedisSettings {
  readonly topology: Topology;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Set when the connections are encrypted. */
  readonly tls: RedisTls | undefined;
}

const nonEmpty = v.pipe(v.string(), v.nonEmpty('is empty'));

/** The fault of a Redis URL, as the end of a sentence that does not repeat it; undefined for a good URL. */
function urlProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || url.port === '0') {
    return 'is not a URL such as redis://127.0.0.1:6379';
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    return 'has a query or a fragment, which nothing reads; leave it out';
  }
  return decodes(url.username) && decodes(url.password) ? undefined : 'has a % that starts no escape; write % as %25';
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const redisUrl = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? urlProblem(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);
const addresses = (port: number, example: string) =>
  v.pipe(
    v.string(),
    v.transform((text) => {
      const entries = text
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean);
      return entries.map((entry) => toAddress(entry, port));
    }),
    v.minLength(1, 'names no address'),
    v.everyItem((address) => address !== undefined, `has an entry that is not host:port such as ${example}`),
    v.transform((list) => list as Address[]),
  );

/** The environment variables about Redis, each by itself; `redisSettings` judges them together. */
export const REDIS_VARIABLES = {
  REDIS_URL: v.optional(redisUrl),
  REDIS_SENTINELS: v.optional(addresses(26_379, 'redis-0.redis:26379')),
  REDIS_MASTER_NAME: v.optional(nonEmpty),
  REDIS_CLUSTER: v.optional(addresses(6379, 'redis-0.redis:6379')),
  REDIS_USERNAME: v.optional(nonEmpty),
  REDIS_PASSWORD_FILE: v.optional(v.string()),
  REDIS_SENTINEL_USERNAME: v.optional(nonEmpty),
  REDIS_SENTINEL_PASSWORD_FILE: v.optional(v.string()),
  REDIS_TLS: v.optional(v.picklist(['true', 'false'], 'is neither true nor false')),
  REDIS_CA_FILE: v.optional(v.string()),
};

const Variables = v.object(REDIS_VARIABLES);
type RedisVariables = v.InferOutput<typeof Variables>;

/**
 * What the variables say together. `readFile` gives the text of a file named by a variable; `fail` takes the
 * sentence about what is wrong.
 */
export function redisSettings(
  env: RedisVariables,
  readFile: (variable: string, path: string) => string,
  fail: (sentence: string) => never,
): RedisSettings {
  const given = (['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER'] as const).filter((name) => env[name] !== undefined);
  if (given.length > 1) fail(`${given.join(' and ')} are both set, but there is one Redis; keep one of them.`);
  const secret = (name: 'REDIS_PASSWORD_FILE' | 'REDIS_SENTINEL_PASSWORD_FILE') => {
    const path = env[name];
    if (path === undefined) return undefined;
    const text = readFile(name, path).trim();
    return text === '' ? fail(`The file of ${name}, ${path}, is empty; write the password to it.`) : text;
  };
  const url = new URL(env.REDIS_URL ?? 'redis://127.0.0.1:6379');
  const isSingle = env.REDIS_SENTINELS === undefined && env.REDIS_CLUSTER === undefined;

  const inUrl = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  if (inUrl.password !== '' && env.REDIS_PASSWORD_FILE !== undefined) {
    fail('REDIS_URL holds a password and REDIS_PASSWORD_FILE names one; keep the file and take it out of the URL.');
  }
  if (inUrl.username !== '' && env.REDIS_USERNAME !== undefined && inUrl.username !== env.REDIS_USERNAME) {
    fail(`REDIS_URL names the user "${inUrl.username}" and REDIS_USERNAME "${env.REDIS_USERNAME}"; keep one of them.`);
  }
  const username = env.REDIS_USERNAME ?? (inUrl.username || undefined);
  const password = secret('REDIS_PASSWORD_FILE') ?? (inUrl.password || undefined);
  if (username !== undefined && password === undefined) {
    fail(`The Redis user "${username}" has no password; name the file that holds it in REDIS_PASSWORD_FILE.`);
  }

  if (env.REDIS_SENTINELS === undefined) {
    for (const name of ['REDIS_MASTER_NAME', 'REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD_FILE'] as const) {
      if (env[name] !== undefined) fail(`${name} is set but REDIS_SENTINELS is not; set both or neither.`);
    }
  }
  return {
    topology: topology(env, url, () => secret('REDIS_SENTINEL_PASSWORD_FILE'), fail),
    username,
    password,
    tls: tlsOf(env, isSingle ? url : undefined, readFile, fail),
  };
}

function topology(
  env: RedisVariables,
  url: URL,
  sentinelPassword: () => string | undefined,
  fail: (sentence: string) => never,
): Topology {
  if (env.REDIS_CLUSTER !== undefined) return { kind: 'cluster', nodes: env.REDIS_CLUSTER };
  if (env.REDIS_SENTINELS !== undefined) {
    const { REDIS_MASTER_NAME: masterName } = env;
    if (masterName === undefined) {
      return fail('REDIS_SENTINELS needs REDIS_MASTER_NAME, the name by which the Sentinels know the primary.');
    }
    const { REDIS_SENTINEL_USERNAME: sentinelUsername } = env;
    const password = sentinelPassword();
    if (sentinelUsername !== undefined && password === undefined) {
      const fix = 'name the file that holds it in REDIS_SENTINEL_PASSWORD_FILE';
      return fail(`The user "${sentinelUsername}" of the Sentinels has no password; ${fix}.`);
    }
    return {
      kind: 'sentinel',
      sentinels: env.REDIS_SENTINELS,
      masterName,
      sentinelUsername,
      sentinelPassword: password,
    };
  }
  const path = url.pathname.replace(/^\//, '');
  if (!/^\d{0,4}$/.test(path)) {
    return fail(`The path of REDIS_URL, "${path}", is not the number of a database; leave it out.`);
  }
  const address = { host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(url.port || 6379) };
  return { kind: 'single', address, db: Number(path) };
}

function tlsOf(
  env: RedisVariables,
  url: URL | undefined,
  readFile: (variable: string, path: string) => string,
  fail: (sentence: string) => never,
): RedisSettings['tls'] {
  const { REDIS_TLS: asked, REDIS_CA_FILE: caFile } = env;
  if (url?.protocol === 'rediss:' && asked === 'false') {
    fail('REDIS_TLS is false but REDIS_URL begins with rediss://, which is TLS; make them agree.');
  }
  if (url?.protocol === 'redis:' && env.REDIS_URL !== undefined && asked === 'true') {
    fail('REDIS_TLS is true but REDIS_URL begins with redis://, which is not encrypted; write rediss://.');
  }
  const encrypted = url === undefined || env.REDIS_URL === undefined ? asked === 'true' : url.protocol === 'rediss:';
  if (!encrypted) {
    if (caFile === undefined) return undefined;
    return fail('REDIS_CA_FILE is set but the connection to Redis is not encrypted; set REDIS_TLS=true.');
  }
  if (caFile === undefined) return { ca: undefined };
  const read = () => readFile('REDIS_CA_FILE', caFile);
  const roots = read();
  if (holdsCertificate(roots)) return trustedRoots(read, roots);
  const fix = "give the root that Redis's certificate comes from";
  return fail(`The file of REDIS_CA_FILE, ${caFile}, holds no certificate in PEM; ${fix}.`);
}

/** Reads the file again on every call: roots come and go while a replica runs. */
function trustedRoots(read: () => string, first: string): RedisTls {
  let last = first;
  return {
    get ca() {
      try {
        const now = read();
        if (holdsCertificate(now)) last = now;
      } catch {
        // Just being replaced, or gone: those of before are better than none.
      }
      return last;
    },
  };
}

function holdsCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== undefined;
  } catch {
    return false;
  }
}

function toAddress(entry: string, fallbackPort: number): Address | undefined {
  const url = URL.parse(`redis://${entry}`);
  // Host and port, and nothing else: a password would be dropped.
  if (!url || url.hostname === '' || url.port === '0' || /[@/?#]/.test(entry)) return undefined;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || fallbackPort) };
}
