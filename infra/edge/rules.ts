import { BACKEND_HEADER } from '../../services/server/api/api-keys.ts';
import { LOGGING } from './limits.ts';
import { isLoopback } from './options.ts';
import {
  type EdgeLimits,
  type EdgeSettings,
  type EdgeTraces,
  type GridlockReplicas,
  isGridlock,
  type ServerBehind,
  type UserServer,
} from './settings.ts';
import { CLIENT_KEY } from './tables.ts';

/** Name of the cookie that keeps a browser at its replica in the stateless design. */
export const STICKY_COOKIE = '__Host-gridlock_edge';

const LOOPBACK_HOST = String.raw`^(localhost|[^:]*\.localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?$`;
const HSTS_SECONDS = 63_072_000;

/** Quotes an argument for HAProxy's parser: inside double quotes only these three mean something. */
export const quote = (text: string): string => `"${text.replace(/[\\"$]/g, '\\$&')}"`;

/** When a rule applies; the test is a condition of HAProxy. */
export type When = { if: string } | { unless: string };

/** An answer by HAProxy itself. Bodies and header values are as HAProxy's parser wants them. */
export interface Reply {
  status: number;
  contentType?: string;
  /** A file's path for `file`, the text for `string`. */
  body?: { format: 'string' | 'lf-string' | 'file'; content: string };
  headers?: readonly (readonly [name: string, value: string])[];
}

/** A rule for a connection before anything is read from it. */
export type ConnectionRule =
  | { action: 'track'; counter: 0 | 1; key: string; table: string }
  | { action: 'reject'; when: { if: string } };

/** An answer by HAProxy itself. */
export type ReturnRule = {
  action: 'return';
  reply: Reply;
  when?: When;
  /** The reason to count it under, where it refuses a request. */
  reason?: string;
};

/** A rule for a request; rules apply in order. */
export type RequestRule =
  | ReturnRule
  | { action: 'wait-for-body'; timeMs: number }
  | { action: 'silence'; when: When }
  | { action: 'track'; counter: 2; key: string; table: string; when: When | undefined }
  | { action: 'set-var'; scope: string; name: string; expression: string }
  | { action: 'del-header'; name: string; match?: 'beg' }
  | { action: 'set-header'; name: string; value: string; when?: When }
  | { action: 'replace-header'; name: string; match: string; value: string; when: When };

/** A rule for every response. */
export type ResponseRule =
  | { action: 'count'; counter: 0; when: When }
  | { action: 'del-header'; name: string }
  | { action: 'set-header'; name: string; value: string; when?: When };

/** Where an ACME authority looks for its challenges. */
export const ACME_PATH = '/.well-known/acme-challenge/';

/** A named condition of the rules. Of several with one name, one has to hold. */
export interface Condition {
  readonly name: string;
  readonly criterion: string;
  readonly value: string;
}

/** Named conditions that the rules for Gridlock's replicas use. */
export const CONDITIONS: readonly Condition[] = Object.freeze([
  { name: 'is_socket', criterion: 'path', value: '/ws' },
  { name: 'is_upgrade', criterion: 'req.hdr(upgrade)', value: '-i websocket' },
]);

/** The conditions that the rules for a server use. */
export function conditionsOf(server: ServerBehind): readonly Condition[] {
  if (isGridlock(server)) return CONDITIONS;
  if (server.socketPaths.length === 0) return [];
  const paths = server.socketPaths.map((socketPath) => socketPath.replace(/\/+$/, ''));
  return [
    { name: 'is_socket', criterion: 'path', value: paths.map((each) => each || '/').join(' ') },
    { name: 'is_socket', criterion: 'path_beg', value: paths.map((each) => `${each}/`).join(' ') },
  ];
}

/** An error as JSON, in the shape of the replicas' own. `headers` are name and value. */
export function errorReply(status: number, code: string, message: string, headers: Record<string, string> = {}): Reply {
  return {
    status,
    contentType: 'application/json',
    body: { format: 'string', content: quote(JSON.stringify({ code, message })) },
    headers: Object.entries(headers).map(([name, value]) => [name, quote(value)] as const),
  };
}

/** The reasons for which requests are refused. */
export const REFUSAL_REASONS = [
  'rate_limited',
  'refused_often',
  'length_required',
  'too_large',
  'internal_path',
  'socket_method',
  'socket_upgrade',
  'upgrade_elsewhere',
  'method_not_allowed',
  'not_redirected',
] as const;
type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A rule that refuses requests that match a test. */
export const refuse = (reason: RefusalReason, reply: Reply, test: string): ReturnRule => ({
  action: 'return',
  reply,
  when: { if: test },
  reason,
});

/** A refusal is counted in a table first, and logged unless there were many for the same reason. */
export function counted(rule: RequestRule, table: string): RequestRule[] {
  if (rule.action !== 'return' || rule.reason === undefined) return [rule];
  return [
    { action: 'track', counter: 2, key: `str(${rule.reason})`, table, when: rule.when },
    { action: 'silence', when: { if: `{ sc_http_req_rate(2) gt ${LOGGING.refusalsPerReason} }` } },
    rule,
  ];
}

/** Leaves the requests of an address that sends many out of the log. */
export const quietFlood: RequestRule = Object.freeze({
  action: 'silence',
  when: { if: `{ sc_http_req_rate(0) gt ${LOGGING.requestsPerAddress} }` },
});

/** The answers of HAProxy when it gives up by itself. */
export const ERRORS: readonly Reply[] = Object.freeze([
  errorReply(400, 'bad_request', 'The request is malformed or its headers are too large.'),
  errorReply(408, 'request_timeout', 'The request took too long to arrive.'),
  errorReply(500, 'internal', 'The edge failed.'),
  errorReply(502, 'bad_gateway', 'The replica gave no valid answer.', { 'Retry-After': '1' }),
  errorReply(503, 'unavailable', 'No replica is ready.', { 'Retry-After': '1' }),
  errorReply(504, 'gateway_timeout', 'The replica took too long to answer.', { 'Retry-After': '1' }),
]);

/** Counts and cuts off addresses that open too many connections or that replicas refuse too often, before a TLS handshake is spent on them. */
export function connectionRules(limits: EdgeLimits, table: string): ConnectionRule[] {
  return [
    { action: 'track', counter: 0, key: CLIENT_KEY, table },
    { action: 'reject', when: { if: `{ sc_conn_cur(0) gt ${limits.connectionsPerAddress} }` } },
    { action: 'reject', when: { if: `{ sc_conn_rate(0) gt ${limits.connectionRatePerAddress} }` } },
    { action: 'reject', when: { if: `{ sc_gpc0_rate(0) gt ${limits.refusedRatePerAddress} }` } },
  ];
}

function limitRequests(limits: EdgeLimits): RequestRule[] {
  const rateLimited = errorReply(429, 'rate_limited', 'Too many requests from this address.', {
    'Retry-After': '10',
  });
  const refusedOften = errorReply(429, 'rate_limited', 'Too many requests of this address were refused.', {
    'Retry-After': '10',
  });
  const lengthRequired = errorReply(411, 'length_required', 'Send a Content-Length.');
  const tooLarge = errorReply(413, 'too_large', `The body is larger than ${limits.maxBodyBytes} bytes.`);
  return [
    refuse('rate_limited', rateLimited, `{ sc_http_req_rate(0) gt ${limits.requestRatePerAddress} }`),
    // Only refusals by a replica count, so that a crowd that retries is let in again in time.
    refuse('refused_often', refusedOften, `{ sc_gpc0_rate(0) gt ${limits.refusedRatePerAddress} }`),
    refuse('length_required', lengthRequired, '{ req.hdr(transfer-encoding) -m found }'),
    refuse('too_large', tooLarge, `{ req.hdr_val(content-length) gt ${limits.maxBodyBytes} }`),
    { action: 'wait-for-body', timeMs: limits.headerTimeoutMs },
    // In http/2 no header marks a body of unknown length.
    refuse('length_required', lengthRequired, '{ req.body_len gt 0 } !{ req.hdr(content-length) -m found }'),
  ];
}

/** Requests that reach no server, neither Gridlock's nor the user's. */
const noSuchMethod = refuse(
  'method_not_allowed',
  errorReply(405, 'method_not_allowed', 'Not allowed.'),
  '{ method TRACE CONNECT }',
);

/** Requests that never reach the user's own server: paths outside the configured ones, if there are any. */
function userRefusals({ socketPaths }: UserServer): RequestRule[] {
  if (socketPaths.length === 0) return [noSuchMethod];
  const notFound = errorReply(404, 'not_found', `The server is at ${socketPaths.join(', ')}.`);
  return [
    refuse('internal_path', notFound, '!is_socket'),
    // Some servers treat /ws/../admin as /admin.
    refuse('internal_path', notFound, '{ path,url_dec -m sub /.. }'),
    noSuchMethod,
  ];
}

/** Requests that never reach a replica. */
function refusals(): RequestRule[] {
  const openHere = (status: number, code: string, headers: Record<string, string>) =>
    errorReply(status, code, 'Open a WebSocket here.', headers);
  return [
    refuse(
      'internal_path',
      errorReply(404, 'not_found', 'Not found.'),
      '{ path,url_dec -i -m beg /healthz /readyz /metrics }',
    ),
    refuse('socket_method', openHere(405, 'method_not_allowed', { Allow: 'GET' }), 'is_socket !METH_GET'),
    refuse('socket_upgrade', openHere(426, 'upgrade_required', { Upgrade: 'websocket' }), 'is_socket !is_upgrade'),
    refuse('upgrade_elsewhere', errorReply(404, 'not_found', 'The WebSocket is at /ws.'), 'is_upgrade !is_socket'),
    noSuchMethod,
  ];
}

/** The only address a replica may believe is the one the edge saw. */
const forwardedHeaders: readonly RequestRule[] = [
  { action: 'del-header', name: 'forwarded' },
  { action: 'del-header', name: 'x-forwarded-', match: 'beg' },
  { action: 'del-header', name: 'x-real-ip' },
  { action: 'set-header', name: 'X-Forwarded-For', value: '%[src]' },
  { action: 'set-header', name: 'X-Forwarded-Proto', value: 'https' },
];

/** The variable with the trace context of a request, for the log. */
export const TRACE_VARIABLE = 'traceparent';
/** A ratio has at most six decimals. */
const RATIO_STEPS = 1_000_000;

const NEW_ID = 'uuid,regsub(-,,g)';
const traceparent = (flags: '00' | '01'): string => `00-%[${NEW_ID}]-%[${NEW_ID},bytes(0,16)]-${flags}`;

/**
 * Begins a W3C trace. A context from the client is replaced: otherwise a client could have all of its requests sampled,
 * or add them to somebody else's trace.
 */
function traceRules({ sampleRatio }: EdgeTraces): RequestRule[] {
  const sampled = Math.round(sampleRatio * RATIO_STEPS);
  return [
    { action: 'del-header', name: 'tracestate' },
    { action: 'del-header', name: 'baggage' },
    { action: 'set-header', name: 'traceparent', value: traceparent('00') },
    {
      action: 'set-header',
      name: 'traceparent',
      value: traceparent('01'),
      when: { if: `{ rand(${RATIO_STEPS}) lt ${sampled} }` },
    },
    { action: 'set-var', scope: 'txn', name: TRACE_VARIABLE, expression: 'req.hdr(traceparent)' },
  ];
}

// For localhost, HSTS would force https on every other port in the user's browser.
const hasHsts = ({ host }: Pick<EdgeSettings, 'host'>): boolean => !isLoopback(host);

/**
 * A client that was asked to move must not be led back by its cookie, and gets a cookie for its new replica. Ignoring
 * the cookie is not enough: HAProxy then sets no new cookie, and the next request would go back.
 */
function forgetReplica({ design }: GridlockReplicas): RequestRule[] {
  if (design === 'stateful') return [];
  return [
    {
      action: 'replace-header',
      name: 'Cookie',
      match: `(.*)${STICKY_COOKIE}=(.*)`,
      value: String.raw`\1gridlock_left=\2`,
      when: { if: 'is_socket { url_param(rebalance) -m str 1 }' },
    },
  ];
}

/** Limits, refusals and headers of a request over https. `hostVariable` keeps the requested host name. */
export function requestRules(settings: EdgeSettings, hostVariable = 'host'): RequestRule[] {
  const keepHost: RequestRule = {
    action: 'set-var',
    scope: 'txn',
    name: hostVariable,
    expression: 'req.hdr(host)',
  };
  const { server, traces } = settings;
  return [
    quietFlood,
    ...(hasHsts(settings) ? [keepHost] : []),
    ...limitRequests(settings),
    ...(isGridlock(server) ? [...refusals(), ...forgetReplica(server)] : userRefusals(server)),
    ...forwardedHeaders,
    ...(traces === undefined ? [] : traceRules(traces)),
  ];
}

/**
 * Counts a replica's refusals by address, except those to backends with a key, which may act for many players. Does not
 * reveal the replica behind.
 */
export const responseRules: readonly ResponseRule[] = Object.freeze([
  {
    action: 'count',
    counter: 0,
    when: { if: `{ status 400:499 } !{ res.hdr(${BACKEND_HEADER}) -m found }` },
  } as const,
  { action: 'del-header', name: BACKEND_HEADER } as const,
  { action: 'del-header', name: 'server' } as const,
]);

/** The rules also apply to answers by HAProxy itself. */
export function afterResponseRules(settings: Pick<EdgeSettings, 'host'>, hostVariable = 'host'): ResponseRule[] {
  if (!hasHsts(settings)) return [];
  const unless = `{ var(txn.${hostVariable}) -m reg -i ${quote(LOOPBACK_HOST)} }`;
  return [
    {
      action: 'set-header',
      name: 'Strict-Transport-Security',
      value: `max-age=${HSTS_SECONDS}`,
      when: { unless },
    },
  ];
}
