import { isLoopback, type EdgeOptions } from './options.ts';
import { quote, refuse, section } from './syntax.ts';

const LOOPBACK_HOST = String.raw`^(localhost|[^:]*\.localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?$`;
const WELL_FORMED_HOST = String.raw`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`;
const HSTS_SECONDS = 63_072_000;
/** The redirect's share of the connections: a flood of it must not take those of https. */
export const REDIRECT_CONNECTIONS = 400;

/** Counts and cuts off addresses that open too many connections, before a TLS handshake is spent on them. */
function connectionLimits({ config }: EdgeOptions): string[] {
  return [
    'tcp-request connection track-sc0 src,ipmask(32,64) table sources',
    `tcp-request connection reject if { sc_conn_cur(0) gt ${config.connectionsPerAddress} }`,
    `tcp-request connection reject if { sc_conn_rate(0) gt ${config.connectionRatePerAddress} }`,
  ];
}

function requestLimits({ config }: EdgeOptions): string[] {
  const lengthRequired = refuse(411, 'length_required', 'Send a Content-Length.');
  const tooLarge = `The body is larger than ${config.maxBodyBytes} bytes.`;
  return [
    `${refuse(429, 'rate_limited', 'Too many requests from this address.', { 'Retry-After': '10' })} ` +
      `if { sc_http_req_rate(0) gt ${config.requestRatePerAddress} }`,
    `${lengthRequired} if { req.hdr(transfer-encoding) -m found }`,
    `${refuse(413, 'too_large', tooLarge)} if { req.hdr_val(content-length) gt ${config.maxBodyBytes} }`,
    `http-request wait-for-body time ${config.headerTimeoutMs}ms`,
    // In http/2 a body of unknown length has no header that tells of it.
    `${lengthRequired} if { req.body_len gt 0 } !{ req.hdr(content-length) -m found }`,
  ];
}

/** What never reaches a replica. */
function refusals(): string[] {
  return [
    `${refuse(404, 'not_found', 'Not found.')} if { path,url_dec -i -m beg /healthz /readyz /metrics }`,
    `${refuse(405, 'method_not_allowed', 'Open a WebSocket here.', { Allow: 'GET' })} if is_socket !METH_GET`,
    `${refuse(426, 'upgrade_required', 'Open a WebSocket here.', { Upgrade: 'websocket' })} if is_socket !is_upgrade`,
    `${refuse(404, 'not_found', 'The WebSocket is at /ws.')} if is_upgrade !is_socket`,
    `${refuse(405, 'method_not_allowed', 'Not allowed.')} if { method TRACE CONNECT }`,
  ];
}

/** The only address a replica may believe is the one the edge saw. */
const forwardedHeaders = [
  'http-request del-header forwarded',
  'http-request del-header x-forwarded- -m beg',
  'http-request del-header x-real-ip',
  'http-request set-header X-Forwarded-For %[src]',
  'http-request set-header X-Forwarded-Proto https',
];

const bind = (address: string, port: number): string =>
  `bind ${address}:${port}${address === '[::]' ? ' v4v6' : ''}`;

/** https and wss. */
export function httpsFrontend(options: EdgeOptions): string {
  const { config, certificate, addresses } = options;
  // For localhost it would bind every other port of the user's browser to https.
  const hsts = !isLoopback(config.host);
  return section('frontend https', [
    addresses.map(
      (address) => `${bind(address, config.port)} ssl crt ${quote(certificate)} alpn h2,http/1.1`,
    ),
    `maxconn ${config.maxConnections}`,
    connectionLimits(options),
    'acl is_socket path /ws',
    'acl is_upgrade req.hdr(upgrade) -i websocket',
    hsts && 'http-request set-var(txn.host) req.hdr(host)',
    requestLimits(options),
    refusals(),
    forwardedHeaders,
    'http-response del-header server',
    hsts &&
      `http-after-response set-header Strict-Transport-Security max-age=${HSTS_SECONDS} ` +
        `unless { var(txn.host) -m reg -i ${quote(LOOPBACK_HOST)} }`,
    'default_backend replicas',
  ]);
}

/** Plain http: redirects, and serves what must not be behind TLS. */
export function httpFrontend(options: EdgeOptions): string {
  const { config, addresses, crlFile } = options;
  const port = config.port === 443 ? '' : `:${config.port}`;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const redirect = 'http-request return status 308 hdr Location';
  // A browser keeps a 308 for good: on loopback that would outlive us and bind whatever uses the port next.
  const noStore = isLoopback(config.host) ? ' hdr Cache-Control no-store' : '';
  const toSame = quote(`https://%[req.hdr(host),regsub(:[0-9]+$,)]${port}%[pathq]`);
  return section('frontend http', [
    addresses.map((address) => bind(address, config.httpPort)),
    `maxconn ${REDIRECT_CONNECTIONS}`,
    connectionLimits(options),
    crlFile !== undefined &&
      `http-request return status 200 content-type application/pkix-crl file ${quote(crlFile)} if { path_beg /crl/ }`,
    `${refuse(404, 'not_found', 'Not found.')} if { path_beg /.well-known/acme-challenge/ /crl/ }`,
    `${redirect} ${toSame}${noStore} if { req.hdr(host) -m reg ${quote(WELL_FORMED_HOST)} }`,
    `${redirect} ${quote(`https://${host}${port}%[pathq]`)}${noStore}`,
  ]);
}

/** Prometheus metrics, on an internal address. */
export function metricsFrontend(address: string): string {
  return section('frontend metrics', [
    `bind ${address}`,
    'option dontlog-normal',
    'http-request use-service prometheus-exporter if { path /metrics }',
    refuse(404, 'not_found', 'The metrics are at /metrics.'),
  ]);
}
