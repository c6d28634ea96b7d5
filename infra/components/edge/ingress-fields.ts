// The rules of infra/edge as fields of the ingress controller's custom resources (ingress.v3.haproxy.org).
import {
  type ConnectionRule,
  conditionsOf,
  type Reply,
  type RequestRule,
  type ResponseRule,
  type When,
} from '../../edge/rules.ts';
import type { ServerBehind } from '../../edge/settings.ts';
import type { Table } from '../../edge/tables.ts';

export type Fields = Readonly<Record<string, unknown>>;

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
    ? { type, action: 'track-sc', track_stick_counter: rule.counter, track_key: rule.key, track_table: rule.table }
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
    case 'track':
      return {
        type: 'track-sc',
        track_sc_stick_counter: rule.counter,
        track_sc_key: rule.key,
        track_sc_table: rule.table,
        ...condition(rule.when),
      };
    case 'count':
      return { type: 'sc-inc-gpc0', sc_id: rule.counter, ...condition(rule.when) };
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

/** A `stick_table`. */
export const tableFields = ({ type, keyBytes, size, expireSeconds, store }: Table): Fields => ({
  type,
  ...(keyBytes === undefined ? {} : { keylen: keyBytes }),
  size,
  ...(expireSeconds === undefined ? {} : { expire: 1000 * expireSeconds }),
  store,
});

/** An item of `http_error_rule_list`. */
export const errorFields = (reply: Reply): Fields => ({
  type: 'status',
  status: reply.status,
  ...content(reply),
});

/** `acl_list` with the conditions that the rules for a server name. */
export const conditionFields = (server: ServerBehind): readonly Fields[] =>
  conditionsOf(server).map(({ name, criterion, value }) => ({ acl_name: name, criterion, value }));
