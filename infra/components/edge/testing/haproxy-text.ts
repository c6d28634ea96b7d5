// For tests: the controller's custom resources as the text that its library, client-native, makes from them.
import { section } from '../../../edge/syntax.ts';

type Spec = Readonly<Record<string, unknown>>;
type Line = string | false;

const flat = (value: unknown): Spec => Object.assign({}, value as Spec | undefined);
const list = (value: unknown): Spec[] => (value as Spec[] | undefined) ?? [];
const when = ({ cond, cond_test: test }: Spec): string => (cond === undefined ? '' : ` ${cond} ${test}`);
const setting = (name: string, value: unknown): Line => value !== undefined && `${name} ${value}`;
const option = (name: string, value: unknown): Line => (value === true || value === 'enabled') && `option ${name}`;

function reply(rule: Spec): string {
  const { return_content_type: type, return_content_format: format, return_content: content } = rule;
  return [
    ...(type === undefined ? [] : [`content-type ${type}`]),
    ...(format === undefined ? [] : [`${format} ${content}`]),
    ...list(rule['return_hdrs']).map(({ name, fmt }) => `hdr ${name} ${fmt}`),
  ].join(' ');
}

function ruleText(rule: Spec): string {
  const name = rule['hdr_name'];
  switch (rule['type']) {
    case 'return':
      return `return status ${rule['return_status_code']} ${reply(rule)}`;
    case 'set-log-level':
      return `set-log-level ${rule['log_level']}`;
    case 'track-sc':
      return `track-sc${rule['track_sc_stick_counter']} ${rule['track_sc_key']} table ${rule['track_sc_table']}`;
    case 'sc-inc-gpc0':
      return `sc-inc-gpc0(${rule['sc_id']})`;
    case 'wait-for-body':
      return `wait-for-body time ${rule['wait_time']}`;
    case 'set-var':
      return `set-var(${rule['var_scope']}.${rule['var_name']}) ${rule['var_expr']}`;
    case 'del-header':
      return `del-header ${name}${rule['hdr_method'] === undefined ? '' : ` -m ${rule['hdr_method']}`}`;
    case 'replace-header':
      return `replace-header ${name} ${rule['hdr_match']} ${rule['hdr_format']}`;
    case 'set-header':
      return `set-header ${name} ${rule['hdr_format']}`;
    default:
      throw new Error(`No rule of this type is known: ${rule['type']}.`);
  }
}

function connectionText(rule: Spec): string {
  const { type, action, track_stick_counter: counter, track_key: key, track_table: table } = rule;
  const text = action === 'track-sc' ? `track-sc${counter} ${key} table ${table}` : action;
  return `tcp-request ${type} ${text}${when(rule)}`;
}

function tableText({ type, keylen, size, expire, store }: Spec): string {
  const length = keylen === undefined ? '' : ` len ${keylen}`;
  return `stick-table type ${type}${length} size ${size}${expire === undefined ? '' : ` expire ${expire}`} store ${store}`;
}

const rules = (directive: string, value: unknown): string[] =>
  list(value).map((rule) => `${directive} ${ruleText(rule)}${when(rule)}`);

/** @param own lines that are the controller's */
export function globalText(spec: Spec, own: readonly string[]): string {
  const { maxconn, maxconnrate } = flat(spec['performance_options']);
  const tls = flat(spec['ssl_options']);
  return section('global', [
    setting('maxconn', maxconn),
    setting('maxconnrate', maxconnrate),
    setting('maxsslrate', tls['maxsslrate']),
    setting('ssl-default-bind-options', tls['default_bind_options']),
    setting('ssl-default-bind-ciphersuites', tls['default_bind_ciphersuites']),
    setting('ssl-default-bind-ciphers', tls['default_bind_ciphers']),
    setting('ssl-default-bind-curves', tls['default_bind_curves']),
    setting('hard-stop-after', spec['hard_stop_after']),
    setting('close-spread-time', spec['close_spread_time']),
    spec['h2_workaround_bogus_websocket_clients'] === true && 'h2-workaround-bogus-websocket-clients',
    Object.entries(flat(spec['tune_buffer_options'])).map(([name, size]) => `tune.${name.replace('_', '.')} ${size}`),
    list(spec['log_target_list']).map(
      ({ address, length, format, facility, level }) =>
        `log ${address} len ${length} format ${format} ${facility} ${level}`,
    ),
    own,
  ]);
}

const TIMEOUTS = [
  'http-request',
  'http-keep-alive',
  'client',
  'client-fin',
  'connect',
  'queue',
  'server',
  'server-fin',
];

/** The time-outs, options and limits that both a `Defaults` and a `Frontend` may have. */
const common = (spec: Spec): Line[] => [
  setting('maxconn', spec['maxconn']),
  setting('log-format', spec['log_format']),
  option('dontlognull', spec['dontlognull']),
  option('http-no-delay', spec['http_no_delay']),
  spec['http_connection_mode'] !== undefined && `option ${spec['http_connection_mode']}`,
  ...[...TIMEOUTS, 'check', 'tunnel'].map((name) =>
    setting(`timeout ${name}`, spec[`${name.replaceAll('-', '_')}_timeout`]),
  ),
];

export const defaultsText = (spec: Spec, own: readonly string[]): string =>
  section('defaults haproxytech', [
    common(spec),
    setting('retries', spec['retries']),
    `option redispatch ${flat(spec['redispatch'])['interval']}`,
    own,
  ]);

/** @param first lines of the controller that come before ours, @param last those that come after */
export const frontendText = (spec: Spec, first: readonly string[], last: readonly string[]): string =>
  section(`frontend ${spec['name']} from haproxytech`, [
    first,
    common(spec),
    spec['stick_table'] !== undefined && tableText(flat(spec['stick_table'])),
    list(spec['acl_list']).map(({ acl_name: name, criterion, value }) => `acl ${name} ${criterion} ${value}`),
    list(spec['tcp_request_rule_list']).map(connectionText),
    rules('http-request', spec['http_request_rule_list']),
    rules('http-response', spec['http_response_rule_list']),
    rules('http-after-response', spec['http_after_response_rule_list']),
    list(spec['http_error_rule_list']).map((rule) => `http-error status ${rule['status']} ${reply(rule)}`),
    last,
  ]);
