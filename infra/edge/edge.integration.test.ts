import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startResponder } from '../../certs/renewal/responder.ts';
import { routedGame } from '../../services/server/session/handshake.ts';
import { openSocket, tls, untilClosed, withEdge } from './edge-testing.ts';
import { runtimeCommand, serversUp } from './haproxy.ts';
import { type Edge, selfSigned, startEdge } from './testing.ts';

let edge: Edge;
before(async () => {
  edge = await startEdge();
});
after(() => edge.close());

test('TLS 1.3 is spoken and TLS 1.2 refused by default', async () => {
  assert.equal((await tls(edge)).protocol, 'TLSv1.3');
  await assert.rejects(tls(edge, { maxVersion: 'TLSv1.2' }), /protocol version/i);
});

test('TLS 1.2 is spoken when configured, and 1.1 never', async () => {
  await withEdge({ tlsMinVersion: '1.2' }, async (own) => {
    assert.equal((await tls(own, { maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
    await assert.rejects(tls(own, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
    await assert.rejects(tls(own, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }));
  });
});

test('both h2 and http/1.1 are offered, and the client chooses', async () => {
  assert.equal((await tls(edge, { ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'h2');
  assert.equal((await tls(edge, { ALPNProtocols: ['http/1.1'] })).alpn, 'http/1.1');
});

test('localhost gets no HSTS', async () => {
  assert.equal((await edge.https()).headers['strict-transport-security'], undefined);
});

test('a public host gets HSTS for two years, its visitor by localhost none', async () => {
  await withEdge({ host: 'game.example' }, async (own) => {
    const named = await own.https({ headers: { Host: 'game.example' } });
    assert.equal(named.headers['strict-transport-security'], 'max-age=63072000');
    for (const host of ['localhost', 'localhost:8443', '127.0.0.1:8443', '[::1]:8443']) {
      const local = await own.https({ headers: { Host: host } });
      assert.equal(local.headers['strict-transport-security'], undefined, host);
    }
  });
});

test('http redirects to the same host and path on the https port, and is not remembered on localhost', async () => {
  const { port } = edge.config;
  for (const [host, target] of [
    ['localhost:8080', 'localhost'],
    ['[::1]:8080', '[::1]'],
    ['127.0.0.1', '127.0.0.1'],
  ]) {
    const { status, headers } = await edge.plain({ path: '/a/b?c=1', headers: { Host: host } });
    assert.equal(status, 308);
    assert.equal(headers.location, `https://${target}:${port}/a/b?c=1`);
    assert.equal(headers['cache-control'], 'no-store');
  }
});

test('a request without a usable Host is redirected to the configured one', async () => {
  for (const host of ['', 'Host: a"b\r\n']) {
    const socket = connectTcp({ host: '127.0.0.1', port: edge.config.httpPort });
    const closed = untilClosed(socket);
    socket.write(`GET /x HTTP/1.0\r\n${host}\r\n`);
    assert.match(await closed, new RegExp(`^location: https://localhost:${edge.config.port}/x\r$`, 'im'), host);
  }
});

test('ACME challenges and the CRL are not redirected to https', async () => {
  assert.equal((await edge.plain({ path: '/.well-known/acme-challenge/x' })).status, 404);
  assert.equal((await edge.plain({ path: '/crl/intermediate.crl' })).status, 404);
});

test('a spoofed X-Forwarded-For is replaced by the address the edge saw', async () => {
  const { body } = await edge.https({
    headers: {
      'X-Forwarded-For': '203.0.113.9',
      'x-forwarded-proto': 'gopher',
      'X-Forwarded-Host': 'evil',
      'X-Real-IP': '203.0.113.9',
      Forwarded: 'for=203.0.113.9',
    },
  });
  const { headers } = JSON.parse(body) as { headers: Record<string, string> };
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'https');
  for (const name of ['x-forwarded-host', 'x-real-ip', 'forwarded']) assert.equal(headers[name], undefined, name);
});

test('internal paths are not found from outside, however they are written', async () => {
  for (const hidden of ['/healthz', '/readyz', '/metrics', '/READYZ', '/%6detrics', '/metrics/x']) {
    assert.equal((await edge.https({ path: hidden })).status, 404, hidden);
  }
});

test('the replica behind is not advertised', async () => {
  assert.equal((await edge.https()).headers.server, undefined);
});

test('a WebSocket is opened on GET /ws and nowhere else', async () => {
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'MDEyMzQ1Njc4OTAxMjM0NQ==',
  };
  assert.equal((await edge.https({ path: '/elsewhere', headers: upgrade })).status, 404);
  assert.equal((await edge.https({ path: '/ws' })).status, 426);
  const post = await edge.https({
    path: '/ws',
    method: 'POST',
    body: 'x',
    headers: { 'Content-Length': '1' },
  });
  assert.equal(post.status, 405);
});

test('the sticky cookie comes with the 101, Secure, HttpOnly and SameSite=Strict, and leads back', async () => {
  const first = await openSocket(edge);
  const [cookie] = [first.headers['set-cookie']].flat() as [string];
  assert.match(cookie, /^__Host-gridlock_edge=[^;]+; path=\/; HttpOnly; Secure; SameSite=Strict$/i);
  const value = cookie.split(';')[0]!;
  for (let round = 0; round < 4; round++) {
    const again = await openSocket(edge, '', { Cookie: value });
    assert.equal(again.replica, first.replica);
    again.socket.terminate();
  }
  const { body } = await edge.https({ headers: { Cookie: `${value}; mine=1` } });
  const seen = JSON.parse(body) as { name: string; headers: { cookie: string } };
  assert.equal(seen.name, first.replica);
  assert.equal(seen.headers.cookie, 'mine=1');
  first.socket.terminate();
});

test('in the stateful design a game has one replica, games spread, and a client without a game is served', async () => {
  await withEdge({ design: 'stateful' }, async (own) => {
    const homes = new Map<string, string>();
    for (let number = 0; number < 24; number++) {
      const game = `GAME${number}`;
      const { socket, replica, headers } = await openSocket(own, `?slot=0&game=${game}`);
      socket.terminate();
      assert.equal(headers['set-cookie'], undefined);
      const { socket: second, replica: again } = await openSocket(own, `?game=${game}`);
      second.terminate();
      assert.equal(again, replica, game);
      homes.set(game, replica);
    }
    assert.deepEqual([...new Set(homes.values())].sort(), ['ws1', 'ws2']);
    const { socket } = await openSocket(own);
    socket.terminate();
  });
});

test('a replica believes that the edge routed by the address only when the edge did', async () => {
  await withEdge({ design: 'stateful' }, async (own) => {
    const homeOf = async (query: string) => {
      const { socket, replica } = await openSocket(own, query);
      socket.terminate();
      return replica;
    };
    for (let number = 2; number < 8; number++) {
      const game = `GAME2${number}`;
      const home = await homeOf(`?game=${game}`);
      for (const query of [
        `?slot=0&game=${game}&x=1`,
        `?slot=0;game=${game}`,
        `?slot=0?game=${game}`,
        `?game=${game}&game=AAAAAA`,
        `?game=AAAAAA&game=${game}`,
        `?slot=0;game=AAAAAA&game=${game}`,
        `?game=%47AME2${number}`,
        `?ga%6De=${game}`,
        `?game=&game=${game}`,
        `?Game=${game}`,
        `?game=${game}%00`,
      ]) {
        if (routedGame(`/ws${query}`) === game) assert.equal(await homeOf(query), home, query);
      }
      assert.equal(routedGame(`/ws?slot=0&game=${game}`), game);
    }
  });
});

test('a replica that is not ready keeps its socket and gets no new one', async () => {
  await withEdge({}, async (own) => {
    const { socket, replica, headers } = await openSocket(own);
    const [cookie] = [headers['set-cookie']].flat() as [string];
    const other = own.replicas.find(({ name }) => name !== replica)!;
    own.replicas.find(({ name }) => name === replica)!.setReady(false);
    await own.inRotation(other.name);
    const next = await openSocket(own, '', { Cookie: cookie.split(';')[0]! });
    assert.equal(next.replica, other.name);
    const echoed = once(socket, 'message');
    socket.send('still here');
    assert.equal(String((await echoed)[0]), 'still here');
    socket.terminate();
    next.socket.terminate();
  });
});

test('a request to a replica that has just gone is served by another', async () => {
  await withEdge({}, async (own) => {
    own.replicas[0]!.close();
    for (let round = 0; round < 4; round++) assert.equal((await own.https()).status, 200);
  });
});

test('without a ready replica the answer is 503 with Retry-After', async () => {
  await withEdge({}, async (own) => {
    for (const replica of own.replicas) replica.setReady(false);
    await own.inRotation();
    const { status, headers, body } = await own.https();
    assert.deepEqual([status, headers['retry-after']], [503, '1']);
    assert.equal((JSON.parse(body) as { code: string }).code, 'unavailable');
  });
});

test('the page is compressed for clients that ask for it', async () => {
  const plain = await edge.https({ path: '/style.css' });
  assert.equal(plain.headers['content-encoding'], undefined);
  const body = await new Promise<Buffer>((resolve, reject) => {
    httpsRequest(
      {
        host: '127.0.0.1',
        port: edge.config.port,
        ca: edge.ca,
        path: '/style.css',
        agent: false,
        headers: { 'Accept-Encoding': 'gzip' },
      },
      async (response) => {
        assert.equal(response.headers['content-encoding'], 'gzip');
        resolve(Buffer.concat((await response.toArray()) as Buffer[]));
      },
    )
      .on('error', reject)
      .end();
  });
  assert.ok(body.length < plain.body.length / 5);
  assert.equal(gunzipSync(body).toString(), plain.body);
});

test('metrics are on the internal port', async () => {
  const { status, body } = await edge.metrics();
  assert.equal(status, 200);
  assert.match(body, /haproxy_frontend_http_requests_total\{proxy="https"\}|haproxy_frontend_http_requests_total/);
});

test('the Runtime API replaces the certificate under open sockets', async () => {
  await withEdge({}, async (own) => {
    const { socket } = await openSocket(own);
    selfSigned(own.directory);
    const pem = readFileSync(path.join(own.directory, 'leaf.pem'), 'utf8').replace(/\n+/g, '\n');
    assert.match(await runtimeCommand(own.runtimeSocket, `set ssl cert leaf.pem <<\n${pem}`), /Transaction created/);
    assert.match(await runtimeCommand(own.runtimeSocket, 'commit ssl cert leaf.pem'), /Success/);
    await assert.rejects(own.https(), /self-signed|unable to verify/i);
    assert.equal((await tls({ ...own, ca: Buffer.from(pem) })).protocol, 'TLSv1.3');
    const echoed = once(socket, 'message');
    socket.send('still here');
    assert.equal(String((await echoed)[0]), 'still here');
    socket.terminate();
    assert.deepEqual(await serversUp(own.runtimeSocket), ['ws1', 'ws2']);
  });
});

test('the internal port answers only requests by address', async () => {
  for (const path of ['/metrics', '/refusals']) {
    assert.equal((await edge.metrics({ path })).status, 200);
    assert.equal((await edge.metrics({ path, headers: { Host: '[::1]:9101' } })).status, 200);
    assert.equal((await edge.metrics({ path, headers: { Host: 'rebound.example' } })).status, 421);
  }
});

test("the authority's report on its certificates is on the internal port, and nowhere else", async (t) => {
  const own = await startEdge({}, { authoritySocket: 'certs.sock' });
  t.after(() => own.close());
  const told = 'certificate_not_after_seconds{role="leaf"} 4711\n';
  const responder = await startResponder(path.join(own.directory, 'certs.sock'), {
    dir: own.directory,
    metrics: () => Promise.resolve(told),
  });
  t.after(() => responder.close());
  assert.deepEqual([(await own.metrics({ path: '/certificates' })).body], [told]);
  assert.match((await own.metrics()).body, /haproxy_process_current_connections/);
  assert.equal((await own.metrics({ path: '/certificates', headers: { Host: 'rebound.example' } })).status, 421);
  const elsewhere = await own.metrics({ path: '/crl/x.crl' });
  assert.deepEqual([elsewhere.status, JSON.parse(elsewhere.body).code], [404, 'not_found']);
  // A client from outside cannot read it.
  for (const path of ['/certificates', '/metrics']) assert.notEqual((await own.plain({ path })).body, told);
});
