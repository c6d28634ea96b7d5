// The rules for plain http: all but a few paths are redirected to https.
import { REDIRECT } from './limits.ts';
import { isLoopback } from './options.ts';
import {
  type ConnectionRule,
  errorReply,
  quote,
  type Reply,
  type RequestRule,
  type ReturnRule,
  refuse,
} from './rules.ts';
import type { EdgeSettings } from './settings.ts';
import { CLIENT_KEY } from './tables.ts';

const WELL_FORMED_HOST = String.raw`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`;

/** Bounds the open connections of an address to plain http, beyond what `connectionRules` allow it. */
export const redirectConnectionRules = (table: string): ConnectionRule[] => [
  { action: 'track', counter: 1, key: CLIENT_KEY, table },
  { action: 'reject', when: { if: `{ sc_conn_cur(1) gt ${REDIRECT.perAddress} }` } },
];

/** Sends a request over plain http to https, keeping host, path and query. */
export function redirectRules({ host, port }: Pick<EdgeSettings, 'host' | 'port'>): ReturnRule[] {
  const suffix = port === 443 ? '' : `:${port}`;
  const name = host.includes(':') ? `[${host}]` : host;
  // A browser keeps a 308 forever. On loopback that would outlive the cluster and redirect the next server on the port.
  const noStore = isLoopback(host) ? [['Cache-Control', 'no-store'] as const] : [];
  const to = (location: string): Reply => ({
    status: 308,
    headers: [['Location', quote(location)], ...noStore],
  });
  return [
    {
      action: 'return',
      reply: to(`https://%[req.hdr(host),regsub(:[0-9]+$,)]${suffix}%[pathq]`),
      when: { if: `{ req.hdr(host) -m reg ${quote(WELL_FORMED_HOST)} }` },
    },
    { action: 'return', reply: to(`https://${name}${suffix}%[pathq]`) },
  ];
}

/** The same rule, but not where `condition` holds. */
export function except(rule: ReturnRule, condition: string): ReturnRule {
  const { when } = rule;
  if (when === undefined) return { ...rule, when: { unless: condition } };
  if ('unless' in when) return { ...rule, when: { unless: `${when.unless} || ${condition}` } };
  return { ...rule, when: { if: `${when.if} !${condition}` } };
}

/** Paths below which nothing is redirected to https. */
export const notRedirected = (paths: string): RequestRule =>
  refuse('not_redirected', errorReply(404, 'not_found', 'Not found.'), `{ path_beg ${paths} }`);
