import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackConfig } from '../../config/config.ts';
import { edgeSettings } from '../../config/edge-settings.ts';
import { renderEdge } from '../../edge/render.ts';
import { cloud, type Fields, of, run, spec } from './testing.ts';

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
  assert.equal(String(key).length, 40);
  assert.deepEqual(recording.one(of('Backend')).secrets, ['spec.dynamic_cookie_key']);
});

test('in the stateful design a game is where its code hashes to, for every pod of the controller', async () => {
  const backend = spec(await run({ 'gridlock:design': 'stateful' }), 'Backend');
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

test('TLS, limits and what outlives a reload are those of the plain edge', async () => {
  const global = spec(await run({ 'gridlock:tlsMinVersion': '1.2', 'gridlock:handshakeRate': '77' }), 'Global');
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
  const https = spec(await run(cloud), 'Frontend', 'edge-https-frontend') as Record<string, Record<string, unknown>[]>;
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

test('plain http is redirected, but for the challenges of an ACME authority', async () => {
  const http = spec(await run(cloud), 'Frontend', 'edge-http-frontend') as Record<string, Record<string, unknown>[]>;
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
    return_hdrs: [{ name: 'Location', fmt: '"https://game.example%[pathq]"' }],
    cond: 'unless',
    cond_test: 'is_challenge',
  });
});

test('every refusal of the https frontend is counted, in the table of the frontend that serves the counters', async () => {
  const recording = await run();
  const requests = spec(recording, 'Frontend', 'edge-https-frontend')['http_request_rule_list'] as Fields[];
  const stats = spec(recording, 'Frontend', 'edge-stats-frontend');
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
