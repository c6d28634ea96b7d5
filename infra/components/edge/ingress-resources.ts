// What the ingress controller is told, as specs of its custom resources. Times are milliseconds.
import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import {
  HARD_STOP_SECONDS,
  LOGGING,
  REDIRECT,
  RETRIES,
  SOCKET_BUFFER_BYTES,
  SOCKET_BUFFERS,
  TIMEOUTS,
  tunnelTimeoutMs,
} from '../../edge/limits.ts';
import { addressOnly, refusalMetrics } from '../../edge/metrics.ts';
import { except, redirectConnectionRules, redirectRules } from '../../edge/redirect.ts';
import { LOG_FORMAT, SPARE_CONNECTIONS, tlsSettings } from '../../edge/render.ts';
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

/** `Global`: limits of the whole process, TLS, and what becomes of a process that a reload replaced. */
export function globalSpec(config: Config) {
  const tls = tlsSettings(config);
  return {
    hard_stop_after: 1000 * HARD_STOP_SECONDS,
    close_spread_time: 1000 * CLOSE_SPREAD_SECONDS,
    h2_workaround_bogus_websocket_clients: true,
    performance_options: {
      maxconn: config.maxConnections + SPARE_CONNECTIONS,
      maxconnrate: config.connectionRate,
    },
    ssl_options: {
      maxsslrate: config.handshakeRate,
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
export const defaultsSpec = (config: Config) => ({
  ...REDISPATCH,
  http_no_delay: 'enabled',
  dontlognull: 'enabled',
  log_format: quote(LOG_FORMAT),
  http_request_timeout: config.headerTimeoutMs,
  http_keep_alive_timeout: 1000 * TIMEOUTS.keepAlive,
  client_timeout: 1000 * TIMEOUTS.client,
  client_fin_timeout: 1000 * TIMEOUTS.clientFin,
  connect_timeout: 1000 * TIMEOUTS.connect,
  queue_timeout: 1000 * TIMEOUTS.queue,
  server_timeout: 1000 * TIMEOUTS.server,
  server_fin_timeout: 1000 * TIMEOUTS.serverFin,
  check_timeout: 1000 * TIMEOUTS.check,
  tunnel_timeout: tunnelTimeoutMs(config),
});

const connectionRuleFields = ({ proxyProtocol }: Config, rules: readonly ConnectionRule[]) =>
  rules.map((rule) => connectionFields(rule, proxyProtocol ? 'session' : 'connection'));

/** A rule as items of `http_request_rule_list`, which count what it refuses. */
const countedFields = (rule: RequestRule): Fields[] => counted(rule, STATS).map(requestFields);

/**
 * What is done to requests and their answers: in the https frontend, or in the backend of a shared
 * controller. Only an own controller has a table in which refusals are counted.
 */
const ruleFields = (config: Config, fields: (rule: RequestRule) => Fields | Fields[]) => ({
  acl_list: conditionFields,
  http_request_rule_list: requestRules(config, HOST_VARIABLE).flatMap(fields),
  http_response_rule_list: responseRules.map(requestFields),
  http_after_response_rule_list: afterResponseRules(config, HOST_VARIABLE).map(requestFields),
});

/** `Frontend` of https and wss. */
export const httpsSpec = (config: Config) => ({
  name: HTTPS,
  maxconn: config.maxConnections,
  stick_table: tableFields(TABLES.sources),
  tcp_request_rule_list: connectionRuleFields(config, connectionRules(config, HTTPS)),
  http_error_rule_list: ERRORS.map(errorFields),
  ...ruleFields(config, countedFields),
});

/** `Frontend` of plain http: redirects, but for the challenges of an ACME authority. */
export const httpSpec = (config: Config) => ({
  name: HTTP,
  maxconn: REDIRECT.connections,
  http_request_timeout: REDIRECT.requestMs,
  client_timeout: REDIRECT.requestMs,
  http_connection_mode: 'httpclose',
  stick_table: tableFields(TABLES.httpSources),
  tcp_request_rule_list: connectionRuleFields(config, [
    // The table of the https frontend, for both.
    ...connectionRules(config, HTTPS),
    ...redirectConnectionRules(HTTP),
  ]),
  http_error_rule_list: ERRORS.map(errorFields),
  acl_list: [{ acl_name: 'is_challenge', criterion: 'path_beg', value: ACME_PATH }],
  http_request_rule_list: [quietFlood, ...redirectRules(config).map((rule) => except(rule, 'is_challenge'))].map(
    requestFields,
  ),
});

/** `Frontend` of the metrics, which no Service publishes: adds the counters of refused requests. */
export const statsSpec = () => ({
  name: STATS,
  stick_table: tableFields(TABLES.refusals),
  http_request_rule_list: [addressOnly, refusalMetrics(STATS)].map(requestFields),
});

/** A browser stays where its cookie says; or a game is held by the replica that its code hashes to. */
function balancing({ design }: Config, cookieKey: pulumi.Input<string>) {
  if (design === 'stateful') {
    return {
      balance: { algorithm: 'url_param', url_param: 'game' },
      hash_type: { method: 'consistent', function: 'sdbm', modifier: 'avalanche' },
      // Not by slot: the pods of the controller fill theirs in different orders.
      default_server: { hash_key: 'addr-port' },
    };
  }
  return {
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
  };
}

/** `Backend` of the replicas. With `rules` it also does what the https frontend of an own controller does. */
export const backendSpec = (config: Config, cookieKey: pulumi.Input<string>, rules: boolean) => ({
  // Every other proxy of the controller names its defaults section; one that does not makes HAProxy warn.
  from: 'haproxytech',
  ...balancing(config, cookieKey),
  ...REDISPATCH,
  tunnel_timeout: tunnelTimeoutMs(config),
  'http-no-delay': 'enabled',
  compression: { algorithms: ['gzip'], types: COMPRESSED_TYPES.split(' ') },
  ...(rules ? ruleFields(config, requestFields) : {}),
});
