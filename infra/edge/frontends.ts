import { BREAK_CONDITIONS, breakMarks, breakRefusals } from './break-it.ts';
import { ALPN, REDIRECT, STALLED_MS, USER_TIMEOUTS } from './limits.ts';
import { addressOnly, CERTIFICATES_PATH, REFUSALS_PATH, refusalMetrics } from './metrics.ts';
import type { EdgeOptions } from './options.ts';
import { except, notRedirected, redirectConnectionRules, redirectRules } from './redirect.ts';
import {
  ACME_PATH,
  afterResponseRules,
  conditionsOf,
  connectionRules,
  errorReply,
  quietFlood,
  quote,
  requestRules,
  responseRules,
} from './rules.ts';
import { isGridlock } from './settings.ts';
import { connectionText, REFUSALS, requestText, responseText, section, tableText } from './syntax.ts';
import { TABLES } from './tables.ts';

/** The table of counters per client address, for all frontends together. */
export const SOURCES = 'sources';
/** Connections to plain http, counted per client address. */
export const HTTP_SOURCES = 'http_sources';
/** The same for connections to the TCP frontend. */
const FRONT_SOURCES = 'front_sources';
const CRL_PATH = '/crl/';

/** With the PROXY protocol the connection's address is the balancer's: the client's is known a step later. */
const limitConnections = ({ settings, acceptProxy = false }: EdgeOptions): string[] =>
  connectionRules(settings, SOURCES).map((rule) => connectionText(rule, acceptProxy ? 'session' : 'connection'));

function bind(address: string, port: number, options: EdgeOptions): string {
  const { acceptProxy = false, stalledMs = STALLED_MS, hasUserTimeout = true } = options;
  return [
    `bind ${address}:${port}`,
    address === '[::]' && 'v4v6',
    acceptProxy && 'accept-proxy',
    hasUserTimeout && `tcp-ut ${stalledMs}ms`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** https and wss. */
export function httpsFrontend(options: EdgeOptions): string {
  const { settings, certificate, tlsAlpnFront, breakIt } = options;
  // Behind the TCP frontend the client's address comes with the PROXY protocol.
  const binds =
    tlsAlpnFront === undefined ? publicBinds(options) : [`bind ${quote(`unix@${tlsAlpnFront.https}`)} accept-proxy`];
  const conditions = [...conditionsOf(settings.server), ...(breakIt === undefined ? [] : BREAK_CONDITIONS)];
  return section('frontend https', [
    binds.map((line) => `${line} ssl crt ${quote(certificate)} alpn ${ALPN}`),
    `maxconn ${settings.maxConnections}`,
    !isGridlock(settings.server) && `timeout client ${USER_TIMEOUTS.client}s`,
    limitConnections(tlsAlpnFront === undefined ? options : { ...options, acceptProxy: true }),
    conditions.map(({ name, criterion, value }) => `acl ${name} ${criterion} ${value}`),
    breakIt !== undefined && breakMarks.flatMap(requestText),
    requestRules(settings).flatMap(requestText),
    breakIt !== undefined && breakRefusals(breakIt).flatMap(requestText),
    responseRules.map((rule) => responseText(rule, 'response')),
    afterResponseRules(settings).map((rule) => responseText(rule, 'after-response')),
    breakIt !== undefined && 'use_backend break if is_break',
    'default_backend replicas',
  ]);
}

const publicBinds = (options: EdgeOptions): string[] =>
  options.addresses.map((address) => bind(address, options.listenPorts?.https ?? options.settings.port, options));

/**
 * Reads the protocols that a client offers before TLS begins: a challenge goes to the process that answers it,
 * everything else to https.
 */
export function tlsAlpnSections(options: EdgeOptions): string[] {
  const { settings, tlsAlpnFront, acceptProxy = false } = options;
  if (tlsAlpnFront === undefined) return [];
  const rules = connectionRules(settings, FRONT_SOURCES);
  return [
    section('frontend tls', [
      'mode tcp',
      'option dontlog-normal',
      'option tcplog',
      publicBinds(options),
      `maxconn ${settings.maxConnections}`,
      rules.map((rule) => connectionText(rule, acceptProxy ? 'session' : 'connection')),
      `tcp-request inspect-delay ${settings.headerTimeoutMs}ms`,
      'tcp-request content accept if { req.ssl_hello_type 1 }',
      'tcp-request content reject',
      'use_backend challenges if { req.ssl_alpn acme-tls/1 }',
      'default_backend https',
    ]),
    section('backend challenges', ['mode tcp', `server solver ${quote(`unix@${tlsAlpnFront.challenges}`)}`]),
    section('backend https', ['mode tcp', `server https ${quote(`unix@${tlsAlpnFront.https}`)} send-proxy-v2`]),
    tableText(FRONT_SOURCES, TABLES.sources),
  ];
}

/** Serves revocation lists and answers challenges. */
export const authorityBackend = (socket: string): string =>
  section('backend authority', [`server authority ${quote(`unix@${socket}`)}`]);

/** Plain http: redirects, and serves the paths that must not be behind TLS. */
export function httpFrontend(options: EdgeOptions): string {
  const { settings, addresses, authoritySocket, listenPorts } = options;
  const paths = `${ACME_PATH} ${CRL_PATH}`;
  const layer = options.acceptProxy ? 'session' : 'connection';
  // Whether a server answers the paths that are not redirected; without one they are not found.
  const answered = authoritySocket !== undefined;
  const redirect = redirectRules(settings).map((rule) => (answered ? except(rule, 'is_authority') : rule));
  return section('frontend http', [
    addresses.map((address) => bind(address, listenPorts?.http ?? settings.httpPort, options)),
    // A flood of plain http must not use up the connections of https.
    `maxconn ${REDIRECT.connections}`,
    `timeout http-request ${REDIRECT.requestMs}ms`,
    `timeout client ${REDIRECT.requestMs}ms`,
    'option httpclose',
    limitConnections(options),
    redirectConnectionRules(HTTP_SOURCES).map((rule) => connectionText(rule, layer)),
    requestText(quietFlood),
    answered ? `acl is_authority path_beg ${paths}` : requestText(notRedirected(paths)),
    redirect.flatMap(requestText),
    answered && 'use_backend authority if is_authority',
  ]);
}

/** Prometheus metrics, on an internal address, where `/healthz` also says that HAProxy is alive. */
export function metricsFrontend({ metrics, health = false, authoritySocket }: EdgeOptions): string {
  const hasAuthority = authoritySocket !== undefined;
  const places = ['/metrics', REFUSALS_PATH, ...(hasAuthority ? [CERTIFICATES_PATH] : [])];
  return section('frontend metrics', [
    `bind ${metrics}`,
    'option dontlog-normal',
    health && 'monitor-uri /healthz',
    requestText(addressOnly),
    hasAuthority && `acl is_certificates path ${CERTIFICATES_PATH}`,
    'http-request use-service prometheus-exporter if { path /metrics }',
    requestText(refusalMetrics(REFUSALS)),
    requestText({
      action: 'return',
      reply: errorReply(404, 'not_found', `The metrics are at ${places.slice(0, -1).join(', ')} and ${places.at(-1)}.`),
      ...(hasAuthority ? { when: { unless: 'is_certificates' } } : {}),
    }),
    // The authority serves its metrics at the usual path.
    hasAuthority && 'http-request set-path /metrics',
    hasAuthority && 'default_backend authority',
  ]);
}
