// The keys of a server of your own behind the edge, instead of Gridlock's replicas.
import * as v from 'valibot';
import { parseEndpoint } from './endpoint.ts';
import { A_REFERENCE, orEmpty, REFERENCE } from './image-reference.ts';
import { choice, define, integer, list, map, text } from './key-definitions.ts';

/** The same as the largest number of replicas. */
export const MOST_UPSTREAMS = 16;
const URL_PATH = /^\/[A-Za-z0-9._~/-]{0,200}$/;
const HEADER_NAME = '[A-Za-z0-9-]{1,64}';
const QUERY_NAME = '[A-Za-z0-9_.~-]{1,64}';

const endpoint = v.pipe(
  v.string(),
  v.check((value) => parseEndpoint(value) !== undefined),
);

const VARIABLE = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/));
const VALUE = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform(String),
  v.regex(/^[^\u0000]{0,32768}$/),
);
const environment = v.pipe(
  v.record(VARIABLE, VALUE),
  v.transform((variables): Readonly<Record<string, string>> => Object.freeze(variables)),
);
/** The message must not repeat a value. */
const secretEnvironment = v.message(
  v.union([environment, v.pipe(v.string(), v.parseJson(), environment)]),
  'a name or a value is invalid, or it is not a map',
) as unknown as typeof environment;

export const SERVER_KEYS = Object.freeze({
  command: define({
    schema: v.pipe(v.string(), v.trim(), v.regex(/^[^\u0000\r\n]{0,4096}$/)),
    default: '',
    allowed: 'a command of one line, such as "node server.js"',
    help: 'start this command, once for each replica, instead of the replicas of Gridlock',
  }),
  upstreams: list(
    endpoint,
    MOST_UPSTREAMS,
    `up to ${MOST_UPSTREAMS} servers as host:port, separated by commas, with IPv6 in brackets`,
    'servers that already run, behind the edge instead of the replicas of Gridlock',
  ),
  serverImage: text(
    orEmpty(REFERENCE),
    '',
    A_REFERENCE,
    'in containers and on Kubernetes: runs this image, once for each replica, instead of the replicas of Gridlock',
  ),
  serverPort: integer(1, 65_535, 8080, 'with serverImage: port that the server listens on, which it gets as PORT'),
  serverEnvironment: map(
    environment,
    v.parse(environment, {}),
    'a map of variables and their values',
    'with serverImage: additional variables for it',
  ),
  serverSecretEnvironment: define({
    schema: secretEnvironment,
    default: v.parse(environment, {}),
    allowed: 'a map of variables and their values',
    help: 'with serverImage: secret variables for it, which Kubernetes keeps in a Secret (may be encrypted)',
    secret: true,
  }),
  metricsPath: text(
    orEmpty(URL_PATH),
    '',
    'a path that begins with /',
    'with serverImage: path of its metrics for Prometheus; empty: it has none',
  ),
  metricsPort: integer(0, 65_535, 0, 'with serverImage: port of its metrics; 0: serverPort'),
  socketPaths: list(
    v.pipe(v.string(), v.regex(URL_PATH)),
    16,
    'paths that begin with /, of letters, digits and . _ ~ - /, separated by commas or with the flag once for each',
    'with your own server: only these paths, and what is below them, reach your server; empty: every path',
  ),
  sticky: text(
    new RegExp(`^(cookie|source|none|header:${HEADER_NAME}|query:${QUERY_NAME})$`),
    'cookie',
    'cookie, source, header:NAME, query:NAME or none',
    'with your own server: what keeps a client at one of your servers',
  ),
  healthPath: text(
    orEmpty(URL_PATH),
    '',
    'a path that begins with /',
    'with your own server: a server is up when this path answers 2xx or 3xx; empty: when its port accepts connections',
  ),
  drainSignal: choice(
    ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'],
    'SIGTERM',
    'with command or serverImage: signal that asks a server to close its sockets and end',
  ),
  drainSeconds: integer(
    0,
    600,
    10,
    'with command or serverImage: seconds that a server may take to end after drainSignal; then it is killed',
  ),
});
