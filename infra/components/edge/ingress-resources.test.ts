import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackConfig } from '../../config/config.ts';
import { edgeSettings } from '../../config/edge-settings.ts';
import { renderEdge } from '../../edge/render.ts';
import { controllerArgs, type Fields, GRIDLOCK, run as runEdge, spec } from './testing.ts';

/** Settings on the controller, by default for Gridlock's replicas. */
const run = (changes: Partial<typeof controllerArgs> = {}) =>
  runEdge({ ...controllerArgs, server: GRIDLOCK, ...changes });

test('in the stateless design a browser stays where its cookie says', async () => {
  const recording = await run();
  const { dynamic_cookie_key: key, ...backend } = spec(recording, 'Backend');
  assert.deepEqual(backend, {
    from: 'haproxytech',
    balance: { algorithm: 'leastconn' },
    cookie: {
      name: '__Host-gridlock_edge',
      type: 'insert',
      indirect: true,
      nocache: true,
      httponly: true,
      secure: true,
      dynamic: true,
      attr: [{ value: 'SameSite=Strict' }],
    },
    redispatch: { enabled: 'enabled', interval: 1 },
    retries: 3,
    tunnel_timeout: 120_000,
    'http-no-delay': 'enabled',
    compression: {
      algorithms: ['gzip'],
      types: ['text/css', 'text/javascript', 'application/javascript', 'image/svg+xml', 'application/manifest+json'],
    },
  });
  assert.equal(key, '"${EDGE_COOKIE_KEY}"');
});

test('in the stateful design a game is where its code hashes to, for every pod of the controller', async () => {
  const backend = spec(await run({ server: { ...GRIDLOCK, design: 'stateful' } }), 'Backend');
  assert.deepEqual(
    [backend['balance'], backend['hash_type'], backend['default_server'], backend['cookie']],
    [
      { algorithm: 'url_param', url_param: 'game' },
      { method: 'consistent', function: 'sdbm', modifier: 'avalanche' },
      { hash_key: 'addr-port' },
      undefined,
    ],
  );
});

for (const [stickiness, balance] of [
  [{ by: 'source' }, { algorithm: 'source' }],
  [
    { by: 'header', name: 'X-User' },
    { algorithm: 'hdr', hdr_name: 'X-User' },
  ],
  [
    { by: 'query', name: 'room' },
    { algorithm: 'url_param', url_param: 'room' },
  ],
  [{ by: 'none' }, { algorithm: 'leastconn' }],
] as const) {
  test(`a user's server is found by ${stickiness.by}`, async () => {
    const backend = spec(await run({ server: { stickiness, socketPaths: [], healthPath: '' } }), 'Backend');
    assert.deepEqual(backend['balance'], balance);
    const hashed = balance.algorithm !== 'leastconn';
    assert.equal(backend['hash_type'] !== undefined, hashed);
    assert.deepEqual(backend['default_server'], hashed ? { hash_key: 'addr-port' } : undefined);
    assert.deepEqual([backend['cookie'], backend['compression']], [undefined, undefined]);
  });
}

test("a user's server gets only its paths, and its sockets may be silent for long", async () => {
  const recording = await run({ server: { stickiness: { by: 'cookie' }, socketPaths: ['/chat'], healthPath: '' } });
  const https = spec(recording, 'Frontend', 'edge-controller-frontend-https') as Record<string, Fields[]>;
  assert.deepEqual(https['acl_list'], [
    { acl_name: 'is_socket', criterion: 'path', value: '/chat' },
    { acl_name: 'is_socket', criterion: 'path_beg', value: '/chat/' },
  ]);
  const notFound = https['http_request_rule_list']?.find(({ cond_test: test }) => test === '!is_socket');
  assert.equal(notFound?.['track_sc_key'], 'str(internal_path)');
  const backend = spec(recording, 'Backend');
  assert.deepEqual(
    [https['client_timeout'], backend['server_timeout'], backend['tunnel_timeout']],
    [75_000, 75_000, 3_600_000],
  );
});

test('TLS, limits and the processes that outlive a reload are as at the plain edge', async () => {
  const global = spec(await run({ tlsMinVersion: '1.2', limits: { handshakeRate: 77 } }), 'Global');
  const tls = global['ssl_options'] as Record<string, unknown>;
  assert.deepEqual(
    [global['hard_stop_after'], global['close_spread_time'], tls['maxsslrate'], tls['default_bind_options']],
    [3_600_000, 60_000, 77, 'ssl-min-ver TLSv1.2 prefer-client-ciphers no-tls-tickets'],
  );
});

test('the kernel holds as little for a peer, and a log line is as short and without a query, as at the plain edge', async () => {
  const recording = await run();
  const [global, defaults] = [spec(recording, 'Global'), spec(recording, 'Defaults')];
  const plain = renderEdge({
    settings: edgeSettings(stackConfig('dev', {})),
    servers: [],
    certificate: 'x',
    cookieKey: 'x',
    addresses: [],
  });
  const lines = new Set(plain.split('\n').map((line) => line.trim()));
  const [log] = global['log_target_list'] as { length: number }[];
  const wanted = [
    ...Object.entries(global['tune_buffer_options'] as Record<string, number>).map(
      ([name, bytes]) => `tune.${name.replace('_', '.')} ${bytes}`,
    ),
    `log stdout len ${log?.length} format raw local0 info`,
    `log-format ${defaults['log_format']}`,
  ];
  assert.equal(wanted.length, 6);
  for (const line of wanted) assert.ok(lines.has(line), line);
  // The request with its query (%r, %HU, %HQ) is in none of its fields.
  assert.doesNotMatch(String(defaults['log_format']), /%(r|HU|HQ)\b/);
});

test('the https frontend counts, refuses and rewrites, in this order', async () => {
  const https = spec(await run(), 'Frontend', 'edge-controller-frontend-https') as Record<
    string,
    Record<string, unknown>[]
  >;
  assert.deepEqual(https['tcp_request_rule_list'], [
    {
      type: 'connection',
      action: 'track-sc',
      track_stick_counter: 0,
      track_key: 'src,ipmask(32,64)',
      track_table: 'https',
    },
    { type: 'connection', action: 'reject', cond: 'if', cond_test: '{ sc_conn_cur(0) gt 4000 }' },
    { type: 'connection', action: 'reject', cond: 'if', cond_test: '{ sc_conn_rate(0) gt 4000 }' },
    { type: 'connection', action: 'reject', cond: 'if', cond_test: '{ sc_gpc0_rate(0) gt 200 }' },
  ]);
  const requests = https['http_request_rule_list']!;
  assert.deepEqual(
    requests
      .filter((rule, index) => rule['type'] !== 'track-sc' && requests[index - 1]?.['type'] !== 'track-sc')
      .map((rule) => rule['return_status_code'] ?? rule['hdr_name'] ?? rule['type']),
    [
      'set-log-level',
      'set-var',
      ...[429, 429, 411, 413, 'wait-for-body', 411],
      ...[404, 405, 426, 404, 405],
      'Cookie',
      ...['forwarded', 'x-forwarded-', 'x-real-ip', 'X-Forwarded-For', 'X-Forwarded-Proto'],
    ],
  );
  const internal = requests.findIndex(({ track_sc_key: key }) => key === 'str(internal_path)');
  const test = { cond: 'if', cond_test: '{ path,url_dec -i -m beg /healthz /readyz /metrics }' };
  const track = { type: 'track-sc', track_sc_stick_counter: 2, track_sc_table: 'stats' };
  assert.deepEqual(requests.slice(internal, internal + 2), [
    { ...track, track_sc_key: 'str(internal_path)', ...test },
    { type: 'set-log-level', log_level: 'silent', cond: 'if', cond_test: '{ sc_http_req_rate(2) gt 5 }' },
  ]);
  assert.deepEqual(requests[internal + 2], {
    type: 'return',
    return_status_code: 404,
    return_content_type: 'application/json',
    return_content_format: 'string',
    return_content: String.raw`"{\"code\":\"not_found\",\"message\":\"Not found.\"}"`,
    ...test,
  });
  assert.deepEqual(
    https['http_error_rule_list']?.map(({ status }) => status),
    [400, 408, 500, 502, 503, 504],
  );
  assert.equal(https['http_after_response_rule_list']?.[0]?.['hdr_name'], 'Strict-Transport-Security');
});

test('plain http is redirected, except the challenges of an ACME authority', async () => {
  const http = spec(await run(), 'Frontend', 'edge-controller-frontend-http') as Record<
    string,
    Record<string, unknown>[]
  >;
  assert.deepEqual(http['acl_list'], [
    { acl_name: 'is_challenge', criterion: 'path_beg', value: '/.well-known/acme-challenge/' },
  ]);
  assert.equal(http['http_connection_mode'] as unknown, 'httpclose');
  const [quiet, sameHost, other] = http['http_request_rule_list']!;
  assert.deepEqual([quiet?.['type'], quiet?.['log_level']], ['set-log-level', 'silent']);
  assert.match(String(sameHost?.['cond_test']), / !is_challenge$/);
  assert.deepEqual(other, {
    type: 'return',
    return_status_code: 308,
    return_hdrs: [{ name: 'Location', fmt: '"https://chat.example%[pathq]"' }],
    cond: 'unless',
    cond_test: 'is_challenge',
  });
});

test('every refusal of the https frontend is counted, in the table of the frontend that serves the counters', async () => {
  const recording = await run();
  const requests = spec(recording, 'Frontend', 'edge-controller-frontend-https')['http_request_rule_list'] as Fields[];
  const stats = spec(recording, 'Frontend', 'edge-controller-frontend-stats');
  const refusals = requests.filter(({ type }) => type === 'return');
  const tracked = requests.filter(({ type }) => type === 'track-sc');
  assert.deepEqual(
    tracked.map(({ cond_test: test }) => test),
    refusals.map(({ cond_test: test }) => test),
  );
  assert.deepEqual([...new Set(tracked.map(({ track_sc_table: table }) => table))], [stats['name']]);
  assert.deepEqual(stats['stick_table'], {
    type: 'string',
    keylen: 32,
    size: 100,
    store: 'http_req_cnt,http_req_rate(1s)',
  });
  const [byAddress, counters] = stats['http_request_rule_list'] as Fields[];
  assert.deepEqual([byAddress?.['return_status_code'], counters?.['cond_test']], [421, '{ path /refusals }']);
  for (const { track_sc_key: key } of tracked) assert.ok(String(counters?.['return_content']).includes(`%[${key},`));
});
