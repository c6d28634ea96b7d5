import { isIP } from 'node:net';
import * as v from 'valibot';
import { CLUSTER_KEYS } from './cluster-keys.ts';
import { choice, define, flag, integer } from './key-definitions.ts';
import { PLAYER_KEYS } from './player-keys.ts';
import { SERVER_KEYS } from './server-keys.ts';
import { TRACE_KEYS } from './trace-keys.ts';

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** Addresses to listen on, to which no client can connect. */
const WILDCARD_ADDRESSES = ['0.0.0.0', '::'];
/** Control characters and quotes have no place in the configuration files a path is written into. */
const FILE_PATH = /^[^\u0000-\u001f"'\\]{0,4096}$/;
/** A host as browsers write it in the origin they send; undefined for a name that they read differently. */
function browserHost(name: string): string | undefined {
  if (isIP(name) === 6) return URL.parse(`https://[${name}]`)?.hostname.slice(1, -1);
  const isHost = HOST_NAME.test(name) && URL.parse(`https://${name}`)?.hostname === name;
  return isHost ? name : undefined;
}
const host = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.transform(browserHost),
  v.string(),
  v.check((name) => !WILDCARD_ADDRESSES.includes(name)),
);

/**
 * The keys that `npm start` uses: its flags. Times are milliseconds, sizes bytes, rates as their help says.
 */
export const LOCAL_KEYS = Object.freeze({
  replicas: integer(1, 16, 4, 'game replicas'),
  port: integer(1, 65_535, 8443, 'port of https and wss'),
  httpPort: integer(1, 65_535, 8080, 'port that redirects to https'),
  design: choice(
    ['stateless', 'stateful'],
    'stateless',
    'which replica decides a move: any one (stateless), or the one that holds the game (stateful)',
  ),
  app: define({
    schema: v.pipe(v.string(), v.regex(/^[^\u0000-\u001f"'\\]{1,4096}$/)),
    default: 'grid',
    allowed: 'grid, counter, whiteboard, or the path of a folder',
    help: 'application: grid, counter, whiteboard, or the folder of your own',
  }),
  host: define({
    schema: host,
    default: 'localhost',
    allowed: 'the host name or IP address that clients connect to (no wildcard)',
    help: 'name that clients connect to',
  }),
  stateDir: define({
    // Control characters and quotes have no place in the configuration files this path is written into.
    schema: v.pipe(v.string(), v.regex(/^[^\u0000-\u001f"'\\]{1,4096}$/)),
    default: '.gridlock',
    allowed: 'a path without quotes, backslashes or control characters',
    help: 'directory of keys, data and logs',
  }),
  certificateFile: define({
    schema: v.pipe(v.string(), v.regex(FILE_PATH)),
    default: '',
    allowed: 'a path without quotes, backslashes or control characters',
    help: 'serve this file (certificate, chain and key in PEM) instead of the leaf of npm start',
  }),
  rootPassphraseFile: define({
    schema: v.pipe(v.string(), v.regex(FILE_PATH)),
    default: '',
    allowed: 'a path without quotes, backslashes or control characters',
    help: 'file with the passphrase that encrypts the key of the root',
  }),
  tlsMinVersion: choice(['1.3', '1.2'], '1.3', 'oldest TLS version the edge accepts'),
  acmeTlsAlpn: flag(false, 'answer tls-alpn-01 challenges through the edge; takes two more descriptors per socket'),
  heartbeatMs: integer(1000, 25_000, 15_000, 'heartbeat interval of a socket, both ways'),
  drainMs: integer(0, 600_000, 1500, 'window over which a stopping replica closes its sockets'),
  rebalancePercent: integer(
    0,
    100,
    2,
    'percent of its sockets that a replica with more than the mean sends to others in a second; 0: none',
  ),
  sessionSeconds: integer(60, 2_592_000, 43_200, 'lifetime of a player token; the SDK renews it'),
  ...PLAYER_KEYS,
  maxSockets: integer(1, 1_000_000, 20_000, 'open sockets of one replica'),
  maxGames: integer(1, 100_000_000, 50_000, 'games that go on or wait, in the whole cluster'),
  redisMemoryMib: integer(16, 1_048_576, 384, 'memory of Redis in MiB; when it is nearly full, new games are refused'),
  maxConnections: integer(10, 1_000_000, 8000, 'open connections at the edge'),
  connectionsPerAddress: integer(1, 1_000_000, 4000, 'open connections of one client address'),
  connectionRatePerAddress: integer(1, 1_000_000, 4000, 'new connections of one client address in 10 s'),
  requestRatePerAddress: integer(1, 1_000_000, 8000, 'requests of one client address in 10 s'),
  refusedRatePerAddress: integer(1, 1_000_000, 200, 'requests of one client address that replicas refuse in 10 s'),
  // A refused connection counts too: if this were near the rate of one address, a flood would delay every client.
  connectionRate: integer(1, 1_000_000, 20_000, 'new connections a second at the edge; more wait'),
  handshakeRate: integer(1, 1_000_000, 1000, 'TLS handshakes a second at the edge; more wait'),
  headerTimeoutMs: integer(
    100,
    600_000,
    5000,
    'time that a client has to send the header of a request, and again to send its body',
  ),
  maxBodyBytes: integer(1024, 1_048_576, 16_384, 'largest request body'),
  redis: choice(
    ['single', 'sentinel', 'external', 'none'],
    'single',
    'Redis: one, three with Sentinel, your own, or none; npm start takes single, and for your own server also none, ' +
      'which is the default with upstreams',
  ),
  breakIt: choice(
    ['auto', 'on', 'off'],
    'auto',
    'with npm start: buttons in the page that kill a replica and more; auto: on if host names this machine',
  ),
  ...TRACE_KEYS,
  ...SERVER_KEYS,
});

/** Every key there is. */
export const KEYS = Object.freeze({ ...LOCAL_KEYS, ...CLUSTER_KEYS });

export type LocalKey = keyof typeof LOCAL_KEYS;
export type Key = keyof typeof KEYS;

/** Every key with its value. */
export type Values = { readonly [K in Key]: v.InferOutput<(typeof KEYS)[K]['schema']> };

/** Whether a key is a list: its flag may be given several times. */
export const isList = (key: Key): boolean => Array.isArray(KEYS[key].default);

/** `httpPort` -> `http-port`; the flag of a list gives one of its entries: `allowedOrigins` -> `allowed-origin`. */
export function flagOf(key: Key): string {
  const name = isList(key) ? key.replace(/s$/, '') : key;
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
