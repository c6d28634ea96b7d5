import { REDIRECT_CONNECTIONS, httpFrontend, httpsFrontend, metricsFrontend } from './frontends.ts';
import type { EdgeConfig, EdgeOptions } from './options.ts';
import { errorPage, quote, section } from './syntax.ts';

/** Name of the cookie that keeps a browser at its replica in the stateless design. */
const STICKY_COOKIE = '__Host-gridlock_edge';

const TUNNEL_MS = 3_600_000;
/** Connections of the other frontends (redirect, metrics) beyond those of https. */
const SPARE_CONNECTIONS = REDIRECT_CONNECTIONS + 100;

// https://ssl-config.mozilla.org, "intermediate" 5.7 for TLS 1.2, "modern" for 1.3.
const CIPHERS_TLS12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
const CIPHERS_TLS13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

const COMPRESSED_TYPES =
  'text/html text/css text/javascript application/javascript image/svg+xml application/manifest+json';

function globalSection({ config, runtimeSocket }: EdgeOptions): string {
  // A ticket of TLS 1.2 is under one key for as long as the edge runs: whoever gets that reads what was recorded.
  const ticketOption = config.tlsMinVersion === '1.2' ? ' no-tls-tickets' : '';
  return section('global', [
    'log stdout format raw local0 info',
    `maxconn ${config.maxConnections + SPARE_CONNECTIONS}`,
    `maxconnrate ${config.connectionRate}`,
    `maxsslrate ${config.handshakeRate}`,
    'hard-stop-after 1h',
    // Otherwise two instances could share a port without either noticing.
    'noreuseport',
    runtimeSocket !== undefined &&
      `stats socket ${quote(`unix@${runtimeSocket}`)} mode 600 level admin expose-fd listeners`,
    'stats timeout 30s',
    `ssl-default-bind-options ssl-min-ver TLSv${config.tlsMinVersion} prefer-client-ciphers${ticketOption}`,
    `ssl-default-bind-ciphersuites ${CIPHERS_TLS13}`,
    config.tlsMinVersion === '1.2' && `ssl-default-bind-ciphers ${CIPHERS_TLS12}`,
    'ssl-default-bind-curves X25519:prime256v1:secp384r1',
    // Chrome and Firefox get WebSocket over http/2 wrong with some servers; without it they use http/1.1 for
    // it.
    'h2-workaround-bogus-websocket-clients',
  ]);
}

/** How long a silent tunnel lives: the replicas' heartbeats end dead peers long before. */
export const tunnelTimeoutMs = (config: Pick<EdgeConfig, 'heartbeatMs'>): number =>
  Math.max(TUNNEL_MS, 4 * config.heartbeatMs);

function defaultsSection({ config }: EdgeOptions): string {
  return section('defaults', [
    'mode http',
    'log global',
    'option httplog',
    'option dontlognull',
    // Moves are small and wait for nothing.
    'option http-no-delay',
    'option redispatch 1',
    'retries 3',
    `timeout http-request ${config.headerTimeoutMs}ms`,
    'timeout http-keep-alive 10s',
    // Also bounds the TLS handshake.
    'timeout client 20s',
    'timeout client-fin 10s',
    'timeout connect 2s',
    'timeout queue 2s',
    'timeout server 30s',
    'timeout server-fin 10s',
    `timeout tunnel ${tunnelTimeoutMs(config)}ms`,
    'timeout check 2s',
    errorPage(400, 'bad_request', 'The request is malformed or its headers are too large.'),
    errorPage(408, 'request_timeout', 'The request took too long to arrive.'),
    errorPage(500, 'internal', 'The edge failed.'),
    errorPage(502, 'bad_gateway', 'The replica gave no valid answer.', { 'Retry-After': '1' }),
    errorPage(503, 'unavailable', 'No replica is ready.', { 'Retry-After': '1' }),
    errorPage(504, 'gateway_timeout', 'The replica took too long to answer.', { 'Retry-After': '1' }),
  ]);
}

/**
 * Stateless: a browser stays where its cookie says. Stateful: a game is held by the replica its code hashes
 * to.
 */
function balancing({ config, cookieKey }: EdgeOptions): string[] {
  if (config.design === 'stateful') {
    // Requests without a game (the page, a session, the lobby) go round robin.
    return ['balance url_param game', 'hash-type consistent sdbm avalanche'];
  }
  return [
    'balance leastconn',
    `cookie ${STICKY_COOKIE} insert indirect nocache httponly secure attr SameSite=Strict dynamic`,
    `dynamic-cookie-key ${quote(cookieKey)}`,
  ];
}

function replicasBackend(options: EdgeOptions): string {
  return section('backend replicas', [
    balancing(options),
    'option httpchk',
    'http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host edge',
    'http-check expect status 200',
    'compression algo gzip',
    `compression type ${COMPRESSED_TYPES}`,
    // A replica that is not ready gets nothing new and keeps its sockets: it closes them itself while it
    // drains.
    'default-server check inter 500ms fastinter 200ms downinter 200ms fall 2 rise 1',
    options.servers.map(
      ({ name, address, port, checkPort }) => `server ${name} ${address}:${port} port ${checkPort}`,
    ),
  ]);
}

/** What is counted per client address, for all frontends together. */
const sourcesTable = section('backend sources', [
  'stick-table type ipv6 size 100k expire 30s store conn_cur,conn_rate(10s),http_req_rate(10s)',
]);

/** Renders `haproxy.cfg` for HAProxy 2.6 to 3.2. Pure: the same options give the same text. */
export function renderEdge(options: EdgeOptions): string {
  const sections = [
    '# Rendered by infra/edge from the configuration; changes here are lost at the next start.',
    globalSection(options),
    defaultsSection(options),
    httpsFrontend(options),
    httpFrontend(options),
    ...(options.metrics === undefined ? [] : [metricsFrontend(options.metrics)]),
    replicasBackend(options),
    sourcesTable,
  ];
  return `${sections.join('\n\n')}\n`;
}
