import { isIPv6 } from 'node:net';

/** The parts of an address of Redis, with the password separate from the rest. */
export interface RedisAddress {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** `host:port` each; several are a Cluster. */
  readonly hosts: readonly string[];
  /** Number of the database; 0 in a Cluster. */
  readonly database: number;
}

const DEFAULT_PORT = 6379;
const HOST_NAME = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i;

/**
 * The reason why an address is refused, as the end of a sentence. It does not repeat the address, which may hold a
 * password.
 */
export class RedisUrlError extends Error {
  override name = 'RedisUrlError';
}

function refuse(reason: string): never {
  throw new RedisUrlError(reason);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('its user or password has a % that starts no escape: write % as %25');
  }
}

/** `user:password`, or `:password` for the default user. */
function readUser(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined) return { username: undefined, password: undefined };
  if (text.includes('@')) return refuse('its user or password has an @: write it as %40');
  const colon = text.indexOf(':');
  const [user, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (password === '') return refuse('it names a user without a password: write user:password@');
  return { username: decoded(user) || undefined, password: decoded(password) };
}

/** `host:port`, or `[address]:port` of IPv6. */
function readHost(text: string): string {
  const [, bracketed, name, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  const isHost = bracketed === undefined ? HOST_NAME.test(name ?? '') : isIPv6(bracketed) && !bracketed.includes('%');
  if (!isHost) return refuse('it has an invalid host: write host:port, and separate several by commas');
  const port = Number(digits ?? DEFAULT_PORT);
  if (port < 1 || port > 65_535) return refuse('it has a port that is not from 1 to 65535');
  return `${bracketed === undefined ? name : `[${bracketed}]`}:${port}`;
}

/**
 * Reads `rediss://user:password@host:port,host:port/0`. Pure. It refuses every part that would not reach a replica: a
 * query, a fragment, a user without a password.
 * @throws RedisUrlError
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, rest = ''] =
    /^(rediss?):\/\/(.*)$/s.exec(url) ?? refuse('it is not a redis:// or rediss:// address');
  if (/[\s\u0000-\u001f"\\]/.test(rest))
    return refuse('it has a blank, a quote or a backslash: write %20 and the like');
  if (rest.includes('?')) return refuse('it has a query, which no replica would get: leave it out, or write ? as %3F');
  if (rest.includes('#'))
    return refuse('it has a fragment, which no replica would get: leave it out, or write # as %23');
  const [, authority = '', database = ''] = /^([^/]*)(?:\/(.*))?$/s.exec(rest) ?? [];
  if (!/^\d{0,4}$/.test(database)) return refuse('its path is not the number of a database');
  const at = authority.lastIndexOf('@');
  const hosts = authority
    .slice(at + 1)
    .split(',')
    .map(readHost);
  if (hosts.length > 1 && Number(database) !== 0) return refuse('it names a Cluster, which has only database 0');
  const user = readUser(at < 0 ? undefined : authority.slice(0, at));
  return { tls: scheme === 'rediss', ...user, hosts, database: Number(database) };
}
