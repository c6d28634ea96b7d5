// Sections and rules in the language of HAProxy's configuration.
import { LOGGING } from './limits.ts';
import { type ConnectionRule, REFUSALS, type Reply, type RequestRule, type ResponseRule, type When } from './rules.ts';

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
  const action = rule.action === 'track' ? `track-sc0 ${rule.key} table ${rule.table}` : 'reject';
  return `tcp-request ${layer} ${action}${rule.action === 'track' ? '' : condition(rule.when)}`;
}

function requestAction(rule: RequestRule): string {
  switch (rule.action) {
    case 'return':
      return `return ${replyText(rule.reply)}${condition(rule.when)}`;
    case 'silence':
      return `set-log-level silent${condition(rule.when)}`;
    case 'wait-for-body':
      return `wait-for-body time ${rule.timeMs}ms`;
    case 'set-var':
      return `set-var(${rule.scope}.${rule.name}) ${rule.expression}`;
    case 'del-header':
      return `del-header ${rule.name}${rule.match === undefined ? '' : ` -m ${rule.match}`}`;
    case 'replace-header':
      return `replace-header ${rule.name} ${rule.match} ${rule.value}${condition(rule.when)}`;
    case 'set-header':
      return `set-header ${rule.name} ${rule.value}${condition(rule.when)}`;
  }
}

/** The lines of a rule: a refusal is counted first, and logged unless there were many for the same reason. */
export function requestText(rule: RequestRule): string[] {
  const line = `http-request ${requestAction(rule)}`;
  if (rule.action !== 'return' || rule.reason === undefined) return [line];
  return [
    `http-request track-sc2 str(${rule.reason}) table ${REFUSALS}${condition(rule.when)}`,
    `http-request set-log-level silent if { sc_http_req_rate(2) gt ${LOGGING.refusalsPerReason} }`,
    line,
  ];
}

/** Text as `lf-string` takes it, without quotes. */
export const escapedText = (text: string): string => text.replace(/[\\ "#'$]/g, '\\$&').replaceAll('\n', '\\n');

export const responseText = (rule: ResponseRule, when: 'response' | 'after-response'): string =>
  `http-${when} ${requestAction(rule)}`;

export const errorText = (reply: Reply): string => `http-error ${replyText(reply)}`;
