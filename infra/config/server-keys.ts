// The keys of a server of your own behind the edge of `npm start`, instead of Gridlock's replicas.
import * as v from 'valibot';
import { parseEndpoint } from './endpoint.ts';
import { choice, define, integer, list, text } from './key-definitions.ts';

/** As many as there are replicas at most. */
export const MOST_UPSTREAMS = 16;
const URL_PATH = /^\/[A-Za-z0-9._~/-]{0,200}$/;
const HEADER_NAME = '[A-Za-z0-9-]{1,64}';
const QUERY_NAME = '[A-Za-z0-9_.~-]{1,64}';

const endpoint = v.pipe(
  v.string(),
  v.check((value) => parseEndpoint(value) !== undefined),
);

export const SERVER_KEYS = Object.freeze({
  command: define({
    schema: v.pipe(v.string(), v.trim(), v.regex(/^[^\u0000\r\n]{0,4096}$/)),
    default: '',
    allowed: 'a command of one line, such as "node server.js"',
    help: 'starts this, once for each replica, instead of the replicas of Gridlock',
  }),
  upstreams: list(
    endpoint,
    MOST_UPSTREAMS,
    `up to ${MOST_UPSTREAMS} of host:port with commas between, IPv6 in brackets`,
    'servers that run already, behind the edge instead of the replicas of Gridlock',
  ),
  socketPaths: list(
    v.pipe(v.string(), v.regex(URL_PATH)),
    16,
    'paths that begin with /, of letters, digits and . _ ~ - /, with commas between or the flag once for each',
    'with command or upstreams: only these paths, and what is below them, reach your server; empty: every path',
  ),
  sticky: text(
    new RegExp(`^(cookie|source|none|header:${HEADER_NAME}|query:${QUERY_NAME})$`),
    'cookie',
    'cookie, source, header:NAME, query:NAME or none',
    'with command or upstreams: what keeps a client at one of your servers',
  ),
  healthPath: text(
    new RegExp(`^$|${URL_PATH.source}`),
    '',
    'a path that begins with /',
    'with command or upstreams: a server is up when this answers 2xx or 3xx; empty: when its port takes a connection',
  ),
  drainSignal: choice(
    ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'],
    'SIGTERM',
    'with command: asks a server to close its sockets and end',
  ),
  drainSeconds: integer(0, 600, 10, 'with command: how long a server may take to end after that; then it is killed'),
});
