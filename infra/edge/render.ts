import { breakBackend } from './break-it.ts';
import {
  authorityBackend,
  HTTP_SOURCES,
  httpFrontend,
  httpsFrontend,
  metricsFrontend,
  SOURCES,
  tlsAlpnSections,
} from './frontends.ts';
import {
  HARD_STOP_SECONDS,
  LOGGING,
  REDIRECT,
  RETRIES,
  SOCKET_BUFFER_BYTES,
  SOCKET_BUFFERS,
  TIMEOUTS,
  tunnelTimeoutMs,
} from './limits.ts';
import type { EdgeOptions } from './options.ts';
import { needsResolvers, replicasBackend, resolversSection } from './replicas-backend.ts';
import { ERRORS, quote, TRACE_VARIABLE } from './rules.ts';
import type { EdgeSettings } from './settings.ts';
import { errorText, REFUSALS, section, tableText } from './syntax.ts';
import { TABLES } from './tables.ts';

/** Connections of the other frontends (redirect, metrics) beyond those of https. */
export const SPARE_CONNECTIONS = REDIRECT.connections + 100;

// https://ssl-settings.mozilla.org, "intermediate" 5.7 for TLS 1.2, "modern" for 1.3.
const CIPHERS_TLS12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
const CIPHERS_TLS13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** The values of `ssl-default-bind-options`, `-ciphersuites`, `-ciphers` and `-curves`. */
export function tlsSettings({ tlsMinVersion }: Pick<EdgeSettings, 'tlsMinVersion'>) {
  // TLS 1.2 tickets use one key for as long as the edge runs: anyone who gets that key can read recorded traffic.
  const ticketOption = tlsMinVersion === '1.2' ? ' no-tls-tickets' : '';
  return {
    options: `ssl-min-ver TLSv${tlsMinVersion} prefer-client-ciphers${ticketOption}`,
    ciphersuites: CIPHERS_TLS13,
    ciphers: CIPHERS_TLS12,
    curves: 'X25519:prime256v1:secp384r1',
  };
}

function globalSection({ settings, runtimeSocket, separateKey, tlsAlpnFront }: EdgeOptions): string {
  const tls = tlsSettings(settings);
  // Through the TCP frontend every connection counts twice.
  const times = tlsAlpnFront === undefined ? 1 : 2;
  return section('global', [
    `log stdout len ${LOGGING.lineBytes} format raw local0 info`,
    `maxconn ${settings.maxConnections * times + SPARE_CONNECTIONS}`,
    `maxconnrate ${settings.connectionRate * times}`,
    `maxsslrate ${settings.handshakeRate}`,
    `hard-stop-after ${HARD_STOP_SECONDS}s`,
    SOCKET_BUFFERS.map((name) => `tune.${name} ${SOCKET_BUFFER_BYTES}`),
    // Otherwise two instances could share a port without either noticing.
    'noreuseport',
    runtimeSocket !== undefined &&
      `stats socket ${quote(`unix@${runtimeSocket}`)} mode 600 level admin expose-fd listeners`,
    'stats timeout 30s',
    `ssl-default-bind-options ${tls.options}`,
    `ssl-default-bind-ciphersuites ${tls.ciphersuites}`,
    settings.tlsMinVersion === '1.2' && `ssl-default-bind-ciphers ${tls.ciphers}`,
    `ssl-default-bind-curves ${tls.curves}`,
    separateKey === true && 'ssl-load-extra-del-ext',
    // Chrome and Firefox fail with WebSocket over http/2 on some servers; with this option they use http/1.1 for it.
    'h2-workaround-bogus-websocket-clients',
  ]);
}

/**
 * The fields of `option httplog`, but of the request only method, version and path: a query may hold a token or the code
 * of a game. If the edge begins traces, the trace context of the request comes before these.
 */
export function logFormat({ traces }: Pick<EdgeSettings, 'traces'>): string {
  const trace = traces === undefined ? '' : `%[var(txn.${TRACE_VARIABLE})] `;
  return `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq ${trace}%HM %HV %HPO`;
}

function defaultsSection({ settings }: EdgeOptions): string {
  return section('defaults', [
    'mode http',
    'log global',
    `log-format ${quote(logFormat(settings))}`,
    'option dontlognull',
    // Moves are small and must not wait for more data.
    'option http-no-delay',
    `option redispatch ${RETRIES.redispatchEvery}`,
    `retries ${RETRIES.count}`,
    `timeout http-request ${settings.headerTimeoutMs}ms`,
    `timeout http-keep-alive ${TIMEOUTS.keepAlive}s`,
    `timeout client ${TIMEOUTS.client}s`,
    `timeout client-fin ${TIMEOUTS.clientFin}s`,
    `timeout connect ${TIMEOUTS.connect}s`,
    `timeout queue ${TIMEOUTS.queue}s`,
    `timeout server ${TIMEOUTS.server}s`,
    `timeout server-fin ${TIMEOUTS.serverFin}s`,
    `timeout tunnel ${tunnelTimeoutMs(settings.server)}ms`,
    `timeout check ${TIMEOUTS.check}s`,
    ERRORS.map(errorText),
  ]);
}

const countingTables = [
  tableText(SOURCES, TABLES.sources),
  tableText(HTTP_SOURCES, TABLES.httpSources),
  tableText(REFUSALS, TABLES.refusals),
];

/** Renders `haproxy.cfg` for HAProxy 2.6 to 3.2. Pure: the same options give the same text. */
export function renderEdge(options: EdgeOptions): string {
  const sections = [
    '# Rendered by infra/edge from the configuration; changes here are lost at the next start.',
    globalSection(options),
    defaultsSection(options),
    ...tlsAlpnSections(options),
    httpsFrontend(options),
    httpFrontend(options),
    ...(options.metrics === undefined ? [] : [metricsFrontend(options)]),
    replicasBackend(options),
    ...(options.authoritySocket === undefined ? [] : [authorityBackend(options.authoritySocket)]),
    ...(options.breakIt === undefined ? [] : [breakBackend(options.breakIt)]),
    ...countingTables,
    ...(needsResolvers(options) ? [resolversSection] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}
