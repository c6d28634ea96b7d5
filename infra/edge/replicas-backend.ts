import { USER_TIMEOUTS } from './limits.ts';
import type { EdgeDiscovery, EdgeOptions } from './options.ts';
import { quote, STICKY_COOKIE } from './rules.ts';
import { type GridlockReplicas, isGridlock, type UserServer } from './settings.ts';
import { section } from './syntax.ts';

const isDiscovery = (servers: EdgeOptions['servers']): servers is EdgeDiscovery => 'slots' in servers;
const RESOLVED = 'resolvers cluster resolve-prefer ipv4';

/** The servers of the replicas: one each, or a template with a fixed number of slots. */
function serverLines({ servers, resolveNames = false }: EdgeOptions): string[] {
  if (!isDiscovery(servers)) {
    // A name that cannot be resolved yet delays nothing: HAProxy starts, and asks until it can.
    const found = resolveNames ? ` ${RESOLVED} init-addr last,libc,none` : '';
    return servers.map(({ name, address, port, checkPort = port, socket }) => {
      const at = address.includes(':') ? `[${address}]` : address;
      return socket === undefined
        ? `server ${name} ${at}:${port} port ${checkPort}${found}`
        : `server ${name} ${quote(`unix@${socket}`)} addr ${at} port ${checkPort}`;
    });
  }
  const { name, port, checkPort, slots, hashKey } = servers;
  const key = hashKey === undefined ? '' : ` hash-key ${hashKey}`;
  return [`server-template ws 1-${slots} ${name}:${port} port ${checkPort} ${RESOLVED} init-addr none${key}`];
}

/** Nothing that is made for one visitor: the length of a compressed page can reveal its content (BREACH). */
export const COMPRESSED_TYPES =
  'text/css text/javascript application/javascript image/svg+xml application/manifest+json';

/** Keeps a client at the server that its cookie names, which the edge gives it. */
const byCookie = (cookieKey: string): string[] => [
  'balance leastconn',
  `cookie ${STICKY_COOKIE} insert indirect nocache httponly secure attr SameSite=Strict dynamic`,
  `dynamic-cookie-key ${quote(cookieKey)}`,
];

/** Few clients move to another server when a server comes or goes. */
const CONSISTENT = 'hash-type consistent sdbm avalanche';

/**
 * Stateless: a browser stays where its cookie says. Stateful: a game is held by the replica its code hashes
 * to.
 */
function balancing({ design }: GridlockReplicas, cookieKey: string): string[] {
  if (design === 'stateful') {
    // Requests without a game (the page, a session, the lobby) go round robin.
    return ['balance url_param game', CONSISTENT];
  }
  return byCookie(cookieKey);
}

/** The choice of one of the user's own servers. Without the header or parameter, requests go round robin. */
function userBalancing({ stickiness }: UserServer, cookieKey: string): string[] {
  switch (stickiness.by) {
    case 'cookie':
      return byCookie(cookieKey);
    case 'source':
      return ['balance source', CONSISTENT];
    case 'header':
      return [`balance hdr(${stickiness.name})`, CONSISTENT];
    case 'query':
      return [`balance url_param ${stickiness.name}`, CONSISTENT];
    case 'none':
      return ['balance leastconn'];
  }
}

const httpCheck = (path: string, status: string): string[] => [
  'option httpchk',
  `http-check send meth GET uri ${path} ver HTTP/1.1 hdr Host edge`,
  `http-check expect status ${status}`,
];

/** The lines for the user's own server, whose answers pass unchanged. */
const userLines = (server: UserServer, cookieKey: string): string[] => [
  ...userBalancing(server, cookieKey),
  ...(server.healthPath === '' ? [] : httpCheck(server.healthPath, '200-399')),
  `timeout server ${USER_TIMEOUTS.server}s`,
  `timeout tunnel ${USER_TIMEOUTS.tunnel}s`,
];

/** The lines for Gridlock's replicas. */
const gridlockLines = (server: GridlockReplicas, cookieKey: string): string[] => [
  ...balancing(server, cookieKey),
  ...httpCheck('/readyz', '200'),
  'compression algo gzip',
  `compression type ${COMPRESSED_TYPES}`,
];

/** The replicas, and how a request finds its own. */
export function replicasBackend(options: EdgeOptions): string {
  const { settings, cookieKey } = options;
  const { server } = settings;
  return section('backend replicas', [
    isGridlock(server) ? gridlockLines(server, cookieKey) : userLines(server, cookieKey),
    // A replica that is not ready gets no new requests and keeps its sockets: it closes them itself while it drains.
    'default-server check inter 500ms fastinter 200ms downinter 200ms fall 2 rise 1',
    serverLines(options),
  ]);
}

/** Whether anything is found by name. */
export const needsResolvers = ({ servers, resolveNames }: EdgeOptions): boolean =>
  isDiscovery(servers) || resolveNames === true;

/** The name servers that `/etc/resolv.conf` names. */
export const resolversSection = section('resolvers cluster', [
  'parse-resolv-conf',
  // Room for the addresses of a few hundred replicas.
  'accepted_payload_size 8192',
  'resolve_retries 3',
  'timeout resolve 1s',
  'timeout retry 500ms',
  // An address that leaves the answer is removed at once; a name server that fails for a moment removes no replica.
  'hold valid 1s',
  'hold obsolete 1s',
  'hold nx 30s',
  'hold timeout 30s',
  'hold refused 30s',
  'hold other 30s',
]);
