// Sections and rules in the language of HAProxy's configuration.
import { type ConnectionRule, counted, type Reply, type RequestRule, type ResponseRule, type When } from './rules.ts';
import type { Table } from './tables.ts';

/** Table in which refused requests are counted by reason. */
export const REFUSALS = 'refusals';

/** A section of the configuration: its heading, then its lines indented; `false` lines are left out. */
export function section(heading: string, lines: readonly (string | false | readonly (string | false)[])[]): string {
  const body = lines.flat().filter((line) => line !== false);
  return [heading, ...body.map((line) => `  ${line}`)].join('\n');
}

function condition(when: When | undefined): string {
  if (when === undefined) return '';
  return 'if' in when ? ` if ${when.if}` : ` unless ${when.unless}`;
}

function replyText({ status, contentType, body, headers = [] }: Reply): string {
  return [
    `status ${status}`,
    ...(contentType === undefined ? [] : [`content-type ${contentType}`]),
    ...(body === undefined ? [] : [`${body.format} ${body.content}`]),
    ...headers.map(([name, value]) => `hdr ${name} ${value}`),
  ].join(' ');
}

/** @param layer `session` where the client's address is only known after the PROXY protocol's header */
export function connectionText(rule: ConnectionRule, layer: 'connection' | 'session' = 'connection'): string {
  const action = rule.action === 'track' ? `track-sc${rule.counter} ${rule.key} table ${rule.table}` : 'reject';
  return `tcp-request ${layer} ${action}${rule.action === 'track' ? '' : condition(rule.when)}`;
}

function requestAction(rule: RequestRule | ResponseRule): string {
  switch (rule.action) {
    case 'return':
      return `return ${replyText(rule.reply)}${condition(rule.when)}`;
    case 'silence':
      return `set-log-level silent${condition(rule.when)}`;
    case 'track':
      return `track-sc${rule.counter} ${rule.key} table ${rule.table}${condition(rule.when)}`;
    case 'count':
      return `sc-inc-gpc0(${rule.counter})${condition(rule.when)}`;
    case 'wait-for-body':
      return `wait-for-body time ${rule.timeMs}ms`;
    case 'set-var':
      return `set-var(${rule.scope}.${rule.name}) ${rule.expression}`;
    case 'del-header':
      return `del-header ${rule.name}${'match' in rule && rule.match !== undefined ? ` -m ${rule.match}` : ''}`;
    case 'replace-header':
      return `replace-header ${rule.name} ${rule.match} ${rule.value}${condition(rule.when)}`;
    case 'set-header':
      return `set-header ${rule.name} ${rule.value}${condition(rule.when)}`;
  }
}

/** The lines of a rule. */
export const requestText = (rule: RequestRule): string[] =>
  counted(rule, REFUSALS).map((each) => `http-request ${requestAction(each)}`);

/** A section that holds a stick table. */
export function tableText(name: string, { type, keyBytes, size, expireSeconds, store }: Table): string {
  const length = keyBytes === undefined ? '' : ` len ${keyBytes}`;
  const expire = expireSeconds === undefined ? '' : ` expire ${expireSeconds}s`;
  return section(`backend ${name}`, [`stick-table type ${type}${length} size ${size}${expire} store ${store}`]);
}

/** Text in the form for `lf-string`, without quotes. */
export const escapedText = (text: string): string => text.replace(/[\\ "#'$]/g, '\\$&').replaceAll('\n', '\\n');

export const responseText = (rule: ResponseRule, when: 'response' | 'after-response'): string =>
  `http-${when} ${requestAction(rule)}`;

export const errorText = (reply: Reply): string => `http-error ${replyText(reply)}`;
