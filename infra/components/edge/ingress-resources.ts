// What the ingress controller is told, as specs of its custom resources. Times are milliseconds.
import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { HARD_STOP_SECONDS, REDIRECT, TIMEOUTS, tunnelTimeoutMs } from '../../edge/limits.ts';
import { SPARE_CONNECTIONS, tlsSettings } from '../../edge/render.ts';
import { COMPRESSED_TYPES } from '../../edge/replicas-backend.ts';
import type { ConnectionRule, Reply, RequestRule, ResponseRule, When } from '../../edge/rules.ts';
import {
  ACME_PATH,
  afterResponseRules,
  CONDITIONS,
  COUNTERS,
  connectionRules,
  ERRORS,
  except,
  redirectRules,
  requestRules,
  responseRules,
  STICKY_COOKIE,
} from '../../edge/rules.ts';

/** The controller already has a variable `host`, without the port. */
const HOST_VARIABLE = 'edge_host';
/** Idle connections of a process that a reload replaced are closed over this time, not all at once. */
const CLOSE_SPREAD_SECONDS = 60;
const REDISPATCH = { redispatch: { enabled: 'enabled', interval: 1 }, retries: 3 };

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
    log_target_list: [{ address: 'stdout', format: 'raw', facility: 'local0', level: 'info' }],
  };
}

/** `Defaults`: time-outs of every frontend and backend. */
export const defaultsSpec = (config: Config) => ({
  ...REDISPATCH,
  http_no_delay: 'enabled',
  dontlognull: 'enabled',
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

// The table of the https frontend, for both.
const limitConnections = (config: Config) =>
  connectionRules(config, 'https').map((rule) =>
    connectionFields(rule, config.proxyProtocol ? 'session' : 'connection'),
  );

/**
 * What is done to requests and their answers: in the https frontend, or in the backend of a shared
 * controller.
 */
const ruleFields = (config: Config) => ({
  acl_list: conditionFields,
  http_request_rule_list: requestRules(config, HOST_VARIABLE).map(requestFields),
  http_response_rule_list: responseRules.map(requestFields),
  http_after_response_rule_list: afterResponseRules(config, HOST_VARIABLE).map(requestFields),
});

/** `Frontend` of https and wss. */
export const httpsSpec = (config: Config) => ({
  name: 'https',
  maxconn: config.maxConnections,
  stick_table: { type: 'ipv6', size: 102_400, expire: 30_000, store: COUNTERS },
  tcp_request_rule_list: limitConnections(config),
  http_error_rule_list: ERRORS.map(errorFields),
  ...ruleFields(config),
});

/** Open connections of one address to plain http: its table is that of the frontend. */
function limitRedirects({ proxyProtocol }: Config) {
  const type = proxyProtocol ? 'session' : 'connection';
  const cond_test = `{ sc_conn_cur(1) gt ${REDIRECT.perAddress} }`;
  return [
    { type, action: 'track-sc', track_stick_counter: 1, track_key: 'src,ipmask(32,64)', track_table: 'http' },
    { type, action: 'reject', cond: 'if', cond_test },
  ];
}

/** `Frontend` of plain http: redirects, but for the challenges of an ACME authority. */
export const httpSpec = (config: Config) => ({
  name: 'http',
  maxconn: REDIRECT.connections,
  http_request_timeout: REDIRECT.requestMs,
  client_timeout: REDIRECT.requestMs,
  stick_table: { type: 'ipv6', size: 102_400, expire: 30_000, store: 'conn_cur' },
  tcp_request_rule_list: [...limitConnections(config), ...limitRedirects(config)],
  http_error_rule_list: ERRORS.map(errorFields),
  acl_list: [{ acl_name: 'is_challenge', criterion: 'path_beg', value: ACME_PATH }],
  http_request_rule_list: redirectRules(config).map((rule) => requestFields(except(rule, 'is_challenge'))),
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
  ...(rules ? ruleFields(config) : {}),
});

// The rules of infra/edge as fields of the ingress controller's custom resources (ingress.v3.haproxy.org).
type Fields = Readonly<Record<string, unknown>>;

function condition(when: When | undefined): Fields {
  if (when === undefined) return {};
  return 'if' in when ? { cond: 'if', cond_test: when.if } : { cond: 'unless', cond_test: when.unless };
}

function content({ contentType, body, headers = [] }: Reply): Fields {
  return {
    ...(contentType === undefined ? {} : { return_content_type: contentType }),
    ...(body === undefined ? {} : { return_content_format: body.format, return_content: body.content }),
    ...(headers.length === 0 ? {} : { return_hdrs: headers.map(([name, fmt]) => ({ name, fmt })) }),
  };
}

/** @param type `session` where the client's address is only known after the PROXY protocol's header */
export const connectionFields = (rule: ConnectionRule, type: 'connection' | 'session'): Fields =>
  rule.action === 'track'
    ? { type, action: 'track-sc', track_stick_counter: 0, track_key: rule.key, track_table: rule.table }
    : { type, action: 'reject', ...condition(rule.when) };

/** An item of `http_request_rule_list`, `http_response_rule_list` or `http_after_response_rule_list`. */
export function requestFields(rule: RequestRule | ResponseRule): Fields {
  switch (rule.action) {
    case 'return':
      return {
        type: 'return',
        return_status_code: rule.reply.status,
        ...content(rule.reply),
        ...condition(rule.when),
      };
    case 'silence':
      return { type: 'set-log-level', log_level: 'silent', ...condition(rule.when) };
    case 'wait-for-body':
      return { type: 'wait-for-body', wait_time: rule.timeMs };
    case 'set-var':
      return { type: 'set-var', var_scope: rule.scope, var_name: rule.name, var_expr: rule.expression };
    case 'del-header': {
      const method = 'match' in rule && rule.match !== undefined ? { hdr_method: rule.match } : {};
      return { type: 'del-header', hdr_name: rule.name, ...method };
    }
    case 'replace-header':
      return {
        type: 'replace-header',
        hdr_name: rule.name,
        hdr_match: rule.match,
        hdr_format: rule.value,
        ...condition(rule.when),
      };
    case 'set-header':
      return { type: 'set-header', hdr_name: rule.name, hdr_format: rule.value, ...condition(rule.when) };
  }
}

/** An item of `http_error_rule_list`. */
export const errorFields = (reply: Reply): Fields => ({
  type: 'status',
  status: reply.status,
  ...content(reply),
});

/** `acl_list` with the conditions that the rules name. */
export const conditionFields: readonly Fields[] = CONDITIONS.map(({ name, criterion, value }) => ({
  acl_name: name,
  criterion,
  value,
}));
