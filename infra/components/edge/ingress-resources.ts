// The configuration of the ingress controller, as specs of its custom resources. Times are milliseconds.
import type * as pulumi from '@pulumi/pulumi';
import {
  HARD_STOP_SECONDS,
  LOGGING,
  REDIRECT,
  RETRIES,
  SOCKET_BUFFER_BYTES,
  SOCKET_BUFFERS,
  TIMEOUTS,
  tunnelTimeoutMs,
  USER_TIMEOUTS,
} from '../../edge/limits.ts';
import { addressOnly, refusalMetrics } from '../../edge/metrics.ts';
import { except, redirectConnectionRules, redirectRules } from '../../edge/redirect.ts';
import { logFormat, SPARE_CONNECTIONS, tlsSettings } from '../../edge/render.ts';
import { COMPRESSED_TYPES } from '../../edge/replicas-backend.ts';
import type { ConnectionRule, RequestRule } from '../../edge/rules.ts';
import {
  ACME_PATH,
  afterResponseRules,
  connectionRules,
  counted,
  ERRORS,
  quietFlood,
  quote,
  requestRules,
  responseRules,
  STICKY_COOKIE,
} from '../../edge/rules.ts';
import { type EdgeSettings, isGridlock, type ServerBehind, type Stickiness } from '../../edge/settings.ts';
import { TABLES } from '../../edge/tables.ts';
import {
  conditionFields,
  connectionFields,
  errorFields,
  type Fields,
  requestFields,
  tableFields,
} from './ingress-fields.ts';

/** The controller already has a variable `host`, without the port. */
const HOST_VARIABLE = 'edge_host';
/** Idle connections of a process that a reload replaced are closed over this time, not all at once. */
const CLOSE_SPREAD_SECONDS = 60;
const REDISPATCH = {
  redispatch: { enabled: 'enabled', interval: RETRIES.redispatchEvery },
  retries: RETRIES.count,
};

/** The controller's frontends. Each has one table, by the frontend's name. */
const HTTPS = 'https';
const HTTP = 'http';
const STATS = 'stats';

/** `Global`: limits of the whole process, TLS, and the life of a process that a reload replaced. */
export function globalSpec(settings: EdgeSettings) {
  const tls = tlsSettings(settings);
  return {
    hard_stop_after: 1000 * HARD_STOP_SECONDS,
    close_spread_time: 1000 * CLOSE_SPREAD_SECONDS,
    h2_workaround_bogus_websocket_clients: true,
    performance_options: {
      maxconn: settings.maxConnections + SPARE_CONNECTIONS,
      maxconnrate: settings.connectionRate,
    },
    ssl_options: {
      maxsslrate: settings.handshakeRate,
      default_bind_options: tls.options,
      default_bind_ciphersuites: tls.ciphersuites,
      // Set explicitly: the controller's defaults are weaker.
      default_bind_ciphers: tls.ciphers,
      default_bind_curves: tls.curves,
    },
    tune_buffer_options: Object.fromEntries(
      SOCKET_BUFFERS.map((name) => [name.replace('.', '_'), SOCKET_BUFFER_BYTES]),
    ),
    log_target_list: [
      { address: 'stdout', length: LOGGING.lineBytes, format: 'raw', facility: 'local0', level: 'info' },
    ],
  };
}

/** `Defaults`: time-outs and log lines of every frontend and backend. */
export const defaultsSpec = (settings: EdgeSettings) => ({
  ...REDISPATCH,
  http_no_delay: 'enabled',
  dontlognull: 'enabled',
  log_format: quote(logFormat(settings)),
  http_request_timeout: settings.headerTimeoutMs,
  http_keep_alive_timeout: 1000 * TIMEOUTS.keepAlive,
  client_timeout: 1000 * TIMEOUTS.client,
  client_fin_timeout: 1000 * TIMEOUTS.clientFin,
  connect_timeout: 1000 * TIMEOUTS.connect,
  queue_timeout: 1000 * TIMEOUTS.queue,
  server_timeout: 1000 * TIMEOUTS.server,
  server_fin_timeout: 1000 * TIMEOUTS.serverFin,
  check_timeout: 1000 * TIMEOUTS.check,
  tunnel_timeout: tunnelTimeoutMs(settings.server),
});

const connectionRuleFields = (acceptProxy: boolean, rules: readonly ConnectionRule[]) =>
  rules.map((rule) => connectionFields(rule, acceptProxy ? 'session' : 'connection'));

/** A rule as items of `http_request_rule_list`, which count what it refuses. */
const countedFields = (rule: RequestRule): Fields[] => counted(rule, STATS).map(requestFields);

/**
 * The rules for requests and responses, in the https frontend or in the backend of a shared controller. Only the
 * cluster's own controller has a table in which refusals are counted.
 */
const ruleFields = (settings: EdgeSettings, fields: (rule: RequestRule) => Fields | Fields[]) => ({
  acl_list: conditionFields(settings.server),
  http_request_rule_list: requestRules(settings, HOST_VARIABLE).flatMap(fields),
  http_response_rule_list: responseRules.map(requestFields),
  http_after_response_rule_list: afterResponseRules(settings, HOST_VARIABLE).map(requestFields),
});

/**
 * `Frontend` of https and wss.
 *
 * @param acceptProxy whether a balancer in front sends the client's address by the PROXY protocol
 */
export const httpsSpec = (settings: EdgeSettings, acceptProxy: boolean) => ({
  name: HTTPS,
  maxconn: settings.maxConnections,
  ...(isGridlock(settings.server) ? {} : { client_timeout: 1000 * USER_TIMEOUTS.client }),
  stick_table: tableFields(TABLES.sources),
  tcp_request_rule_list: connectionRuleFields(acceptProxy, connectionRules(settings, HTTPS)),
  http_error_rule_list: ERRORS.map(errorFields),
  ...ruleFields(settings, countedFields),
});

/** `Frontend` of plain http: redirects everything except the challenges of an ACME authority. */
export const httpSpec = (settings: EdgeSettings, acceptProxy: boolean) => ({
  name: HTTP,
  maxconn: REDIRECT.connections,
  http_request_timeout: REDIRECT.requestMs,
  client_timeout: REDIRECT.requestMs,
  http_connection_mode: 'httpclose',
  stick_table: tableFields(TABLES.httpSources),
  tcp_request_rule_list: connectionRuleFields(acceptProxy, [
    // The table of the https frontend, for both.
    ...connectionRules(settings, HTTPS),
    ...redirectConnectionRules(HTTP),
  ]),
  http_error_rule_list: ERRORS.map(errorFields),
  acl_list: [{ acl_name: 'is_challenge', criterion: 'path_beg', value: ACME_PATH }],
  http_request_rule_list: [quietFlood, ...redirectRules(settings).map((rule) => except(rule, 'is_challenge'))].map(
    requestFields,
  ),
});

/** `Frontend` of the metrics, which no Service publishes: adds the counters of refused requests. */
export const statsSpec = () => ({
  name: STATS,
  stick_table: tableFields(TABLES.refusals),
  http_request_rule_list: [addressOnly, refusalMetrics(STATS)].map(requestFields),
});

/** When a server comes or goes, the hash leads few clients elsewhere, and it is the same for every pod. */
const CONSISTENT = {
  hash_type: { method: 'consistent', function: 'sdbm', modifier: 'avalanche' },
  // Not by slot: the pods of the controller fill theirs in different orders.
  default_server: { hash_key: 'addr-port' },
};

const byCookie = (cookieKey: pulumi.Input<string>) => ({
  balance: { algorithm: 'leastconn' },
  cookie: {
    name: STICKY_COOKIE,
    type: 'insert',
    indirect: true,
    nocache: true,
    httponly: true,
    secure: true,
    dynamic: true,
    attr: [{ value: 'SameSite=Strict' }],
  },
  dynamic_cookie_key: cookieKey,
});

/** How a client finds a user's server, as in `replicasBackend` of a plain edge. */
function userBalancing(stickiness: Stickiness, cookieKey: pulumi.Input<string>): Fields {
  switch (stickiness.by) {
    case 'cookie':
      return byCookie(cookieKey);
    case 'source':
      return { balance: { algorithm: 'source' }, ...CONSISTENT };
    case 'header':
      return { balance: { algorithm: 'hdr', hdr_name: stickiness.name }, ...CONSISTENT };
    case 'query':
      return { balance: { algorithm: 'url_param', url_param: stickiness.name }, ...CONSISTENT };
    case 'none':
      return { balance: { algorithm: 'leastconn' } };
  }
}

/**
 * The stickiness of a server. With Gridlock's, a browser stays where its cookie says, or a game where its code hashes
 * to.
 */
function serverFields(server: ServerBehind, cookieKey: pulumi.Input<string>): Fields {
  if (!isGridlock(server)) {
    return { ...userBalancing(server.stickiness, cookieKey), server_timeout: 1000 * USER_TIMEOUTS.server };
  }
  const compression = { algorithms: ['gzip'], types: COMPRESSED_TYPES.split(' ') };
  return server.design === 'stateful'
    ? { balance: { algorithm: 'url_param', url_param: 'game' }, ...CONSISTENT, compression }
    : { ...byCookie(cookieKey), compression };
}

/** `Backend` of the replicas. With `rules` it also does the work of the https frontend of the cluster's own controller. */
export const backendSpec = (settings: EdgeSettings, cookieKey: pulumi.Input<string>, rules: boolean) => ({
  // Every other proxy of the controller names its defaults section; HAProxy warns about a proxy without it.
  from: 'haproxytech',
  ...serverFields(settings.server, cookieKey),
  ...REDISPATCH,
  tunnel_timeout: tunnelTimeoutMs(settings.server),
  'http-no-delay': 'enabled',
  ...(rules ? ruleFields(settings, requestFields) : {}),
});
