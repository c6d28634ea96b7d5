import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { routedGame } from '../../services/server/session/handshake.ts';
import { waitFor } from '../local/wait.ts';
import { runtimeCommand, serversUp } from './haproxy.ts';
import { LOGGING, REDIRECT, SOCKET_BUFFER_BYTES } from './limits.ts';
import { type Edge, FLOOD, REFUSED_PATH, refusalsOf, selfSigned, startEdge, waitingBytes } from './testing.ts';

let edge: Edge;
before(async () => {
  edge = await startEdge();
});
after(() => edge.close());

/** Runs a test body against an edge of its own. */
async function withEdge(
  overrides: Parameters<typeof startEdge>[0],
  work: (edge: Edge) => Promise<void>,
): Promise<void> {
  const own = await startEdge(overrides);
  try {
    await work(own);
  } finally {
    await own.close();
  }
}

function tls(
  target: Edge,
  options: ConnectionOptions = {},
): Promise<{ protocol: string | null; alpn: string | false }> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: target.config.port, ca: target.ca, ...options }, () => {
      resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol ?? false });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function openSocket(target: Edge, query = '', headers: Record<string, string> = {}) {
  const socket = new WebSocket(`wss://127.0.0.1:${target.config.port}/ws${query}`, {
    ca: target.ca,
    headers,
  });
  const upgraded = once(socket, 'upgrade');
  const greeted = once(socket, 'message');
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error));
  await Promise.race([Promise.all([upgraded, greeted]), failed]);
  failed.catch(() => undefined);
  const [response] = (await upgraded) as [{ headers: Record<string, string[] | string> }];
  const [greeting] = await greeted;
  return { socket, headers: response.headers, replica: String(greeting) };
}

/** All that a peer sends on a raw connection until it closes it. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return text;
}

function rawTls(target: Edge): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: target.config.port, ca: target.ca }, () => resolve(socket));
    socket.on('error', reject);
  });
}

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

test('internal paths are not there from outside, however they are written', async () => {
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

test('in the stateful design a game has one replica, games spread, and who names none is served', async () => {
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

test('a replica takes no address for one that the edge chose it by, unless the edge did', async () => {
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

test('headers that arrive too slowly are answered with 408 and cut, while others are served', async () => {
  const slow = await rawTls(edge);
  const closed = untilClosed(slow);
  slow.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const drip = setInterval(() => slow.write('a'), 50);
  try {
    assert.equal((await edge.https()).status, 200);
    assert.match(await closed, /^HTTP\/1\.1 408 /);
  } finally {
    clearInterval(drip);
  }
});

test('a body that arrives too slowly is answered with 408', async () => {
  await withEdge({ headerTimeoutMs: 700 }, async (own) => {
    const slow = await rawTls(own);
    const closed = untilClosed(slow);
    slow.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\na');
    assert.match(await closed, /^HTTP\/1\.1 408 /);
  });
});

test('headers larger than the buffer are refused', async () => {
  const { status } = await edge.https({
    headers: { 'X-Large': 'a'.repeat(15_000), 'X-Larger': 'b'.repeat(1500) },
  });
  assert.ok(status === 400 || status === 431, String(status));
});

test('a body over the limit is refused with 413, one of unknown length with 411', async () => {
  const body = 'a'.repeat(edge.config.maxBodyBytes + 1);
  const large = await edge.https({
    method: 'POST',
    body,
    headers: { 'Content-Length': String(body.length) },
  });
  assert.equal(large.status, 413);
  const within = await edge.https({ method: 'POST', body: 'a', headers: { 'Content-Length': '1' } });
  assert.equal(within.status, 200);
  const chunked = await edge.https({
    method: 'POST',
    body: 'abc',
    headers: { 'Transfer-Encoding': 'chunked' },
  });
  assert.equal(chunked.status, 411);
});

test('a body over http/2 that does not tell its length is refused with 411, and one that does is taken', async () => {
  const session = connectHttp2(`https://localhost:${edge.config.port}`, {
    ca: edge.ca,
    lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const status = async (method: string, headers: Record<string, string> = {}) => {
    const stream = session.request({ ':method': method, ':path': '/', ...headers }, { endStream: false });
    stream.end('a'.repeat(100));
    const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
    stream.close();
    return answer[':status'];
  };
  try {
    assert.deepEqual(
      [await status('POST'), await status('GET'), await status('POST', { 'content-length': '100' })],
      [411, 411, 200],
    );
  } finally {
    session.close();
  }
});

test('connections that fill the redirect leave https served', async () => {
  await withEdge({ maxConnections: 10 }, async (own) => {
    const addresses = Array.from(
      { length: REDIRECT.connections / REDIRECT.perAddress },
      (_, index) => `127.0.1.${index}`,
    );
    const sockets = addresses.flatMap((localAddress) =>
      Array.from({ length: REDIRECT.perAddress }, () =>
        connectTcp({ host: '127.0.0.1', port: own.config.httpPort, localAddress }).on('error', () => undefined),
      ),
    );
    try {
      await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => undefined)));
      assert.equal((await own.https()).status, 200);
      const [, most] = /^Maxconn: (\d+)$/m.exec(await runtimeCommand(own.runtimeSocket, 'show info')) ?? [];
      assert.ok(Number(most) > own.config.maxConnections + REDIRECT.connections, `${most} connections in all`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

test('a flood of connections is cut for its address only', async () => {
  await withEdge({ connectionsPerAddress: 10 }, async (own) => {
    const flooder = { host: '127.0.0.1', port: own.config.port, localAddress: '127.0.0.66' };
    const sockets = Array.from({ length: 40 }, () => connectTcp(flooder));
    let open = sockets.length;
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          open -= 1;
          if (open <= 10) resolve();
        });
      }
    });
    assert.equal((await own.https()).status, 200);
    assert.equal(open, 10);
    for (const socket of sockets) socket.destroy();
  });
});

test('an address that connects too often is cut until it slows down, and others are not', async () => {
  await withEdge({ connectionRatePerAddress: 5 }, async (own) => {
    const from = (localAddress: string) => own.https({ localAddress });
    // At once, as what is counted is forgotten again within seconds.
    const allowed = await Promise.all(Array.from({ length: 5 }, () => from('127.0.0.66')));
    assert.deepEqual(
      allowed.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    await assert.rejects(from('127.0.0.66'), /ECONNRESET|socket disconnected|hang up/);
    assert.equal((await from('127.0.0.77')).status, 200);
  });
});

test('an address that replicas refuse too often gets no more from the edge, until it is forgotten', async () => {
  await withEdge({ refusedRatePerAddress: 5 }, async (own) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (localAddress: string, path: string, given?: Agent) =>
      own.https({ localAddress, path, ...(given === undefined ? {} : { agent: given }) });
    const refused = async () => (await ask('127.0.0.66', REFUSED_PATH, agent)).status;
    for (let count = 0; count < 6; count += 1) assert.equal(await refused(), 403);
    const { status, headers, body } = await ask('127.0.0.66', '/', agent);
    assert.deepEqual([status, headers['retry-after']], [429, '10']);
    assert.match(body, /Too many requests of this address were refused\./);
    // A new connection is not worth a TLS handshake.
    await assert.rejects(ask('127.0.0.66', '/'), /ECONNRESET|socket disconnected|hang up/);
    assert.equal((await ask('127.0.0.77', '/')).status, 200);
    // What the edge refuses by itself does not count: asking again does not keep an address out.
    const isIn = () =>
      ask('127.0.0.66', '/').then(
        (answer) => answer.status === 200 || undefined,
        () => undefined,
      );
    await waitFor(isIn, { what: 'the address to be let in again', timeoutMs: 30_000 });
    agent.destroy();
  });
});

test('an address that asks too much gets 429 with Retry-After', async () => {
  await withEdge({ requestRatePerAddress: 5 }, async (own) => {
    const ask = () => own.https({ localAddress: '127.0.0.66' });
    // At once, as what is counted is forgotten again within seconds.
    const allowed = await Promise.all(Array.from({ length: 5 }, ask));
    assert.deepEqual(
      allowed.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    const { status, headers } = await ask();
    assert.deepEqual([status, headers['retry-after']], [429, '10']);
    assert.equal((await own.https({ localAddress: '127.0.0.77' })).status, 200);
  });
});

test('the page is compressed for who asks', async () => {
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

test('half-open connections to plain http from one address keep nobody else waiting', async () => {
  // Without a limit for one address they would be there for half a minute.
  await withEdge({ headerTimeoutMs: 30_000 }, async (own) => {
    const attacker = { host: '127.0.0.1', port: own.config.httpPort, localAddress: '127.0.0.66' };
    const sockets = Array.from({ length: REDIRECT.connections + 20 }, () => connectTcp(attacker));
    let open = sockets.length;
    try {
      await Promise.all(
        sockets.map(async (socket) => {
          socket.on('error', () => undefined);
          socket.on('close', () => (open -= 1));
          await once(socket.resume(), 'connect').catch(() => undefined);
          socket.write('GET / HTTP/1.1\r\nX-Slow: ');
        }),
      );
      for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
        const answered = own.plain({ localAddress }).then(({ status }) => status);
        const late = new Promise((resolve) => setTimeout(resolve, 5000, 'late').unref());
        assert.equal(await Promise.race([answered, late]), 308, localAddress);
      }
      assert.ok(open <= REDIRECT.perAddress, `${open} are open`);
      await waitFor(async () => open === 0 || undefined, { what: 'the half-open ones to be cut', timeoutMs: 30_000 });
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

test('refused requests are all counted by reason, and of a flood few are logged, in short lines', async () => {
  await withEdge({}, async (own) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const ask = (path: string) => own.https({ path, agent }).then(({ status }) => status);
    const long = 'a'.repeat(8000);
    const statuses = await Promise.all(Array.from({ length: 400 }, () => ask(`/metrics/${long}`)));
    statuses.push(...(await Promise.all(Array.from({ length: 3 }, () => ask('/ws')))));
    agent.destroy();
    assert.deepEqual([...new Set(statuses)], [404, 426]);
    const counted = refusalsOf(await own.metrics({ path: '/refusals' }));
    assert.deepEqual([counted['internal_path'], counted['socket_upgrade'], counted['too_large']], [400, 3, 0]);
    const lines = own.log().split('\n');
    const refused = lines.filter((line) => line.includes('/metrics/'));
    assert.ok(refused.length > 0 && refused.length <= 100, `${refused.length} of 400 are logged`);
    for (const line of lines) assert.ok(line.length <= LOGGING.lineBytes, `${line.length} characters`);
  });
});

test('many requests of one address are logged in part only, also those that are served', async () => {
  await withEdge({}, async (own) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const many = 4 * LOGGING.requestsPerAddress;
    await Promise.all(Array.from({ length: many }, () => own.https({ agent, localAddress: '127.0.0.66' })));
    assert.equal((await own.https({ path: '/seen', localAddress: '127.0.0.77' })).status, 200);
    agent.destroy();
    await waitFor(async () => own.log().includes('/seen') || undefined, { what: 'the log', timeoutMs: 30_000 });
    const logged = own.log().split('127.0.0.66:').length - 1;
    assert.ok(logged <= 2 * LOGGING.requestsPerAddress, `${logged} of ${many} are logged`);
  });
});

test('refused requests of many addresses are logged in part only, and counted whole', async () => {
  await withEdge({}, async (own) => {
    const [addresses, each] = [40, 10];
    const path = '/metrics';
    const began = performance.now();
    await Promise.all(
      Array.from({ length: addresses }, async (_, index) => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const ask = () => own.https({ agent, path, localAddress: `127.0.70.${index + 1}` });
        for (let count = 0; count < each; count += 1) assert.equal((await ask()).status, 404);
        agent.destroy();
      }),
    );
    const seconds = Math.ceil((performance.now() - began) / 1000);
    assert.equal((await own.https({ path: '/seen' })).status, 200);
    await waitFor(async () => own.log().includes('/seen') || undefined, { what: 'the log', timeoutMs: 30_000 });
    const logged = own.log().split(path).length - 1;
    // HAProxy's rate slides: of two seconds next to each other it may let the limit of both through at once.
    const most = 2 * LOGGING.refusalsPerReason * (seconds + 1);
    assert.ok(logged > 0 && logged <= most, `${logged} of ${addresses * each} are logged, ${most} may be`);
    const refusals = refusalsOf(await own.metrics({ path: '/refusals' }));
    assert.equal(refusals['internal_path'], addresses * each);
  });
});

test('neither a token nor the code of a game in an address is logged', async () => {
  await withEdge({}, async (own) => {
    await own.https({ path: '/ws?game=SECRET&token=eyJhbGciOi' });
    await own.plain({ path: '/?game=SECRET&token=eyJhbGciOi' });
    const { socket } = await openSocket(own, '?game=SECRET');
    socket.terminate();
    const ended = async () => (own.log().match(/ GET HTTP\/1\.1 \/(ws)?$/gm) ?? []).length === 3 || undefined;
    await waitFor(ended, { what: 'three lines of the log', timeoutMs: 30_000 });
    assert.doesNotMatch(own.log(), /SECRET|eyJ/);
  });
});

test('peers that never read are gone soon after their replica has closed, and take little memory before', async () => {
  const own = await startEdge({}, { stalledMs: 2000 });
  const count = 8;
  const sockets: WebSocket[] = [];
  try {
    for (let number = 0; number < count; number++) {
      const { socket } = await openSocket(own);
      socket.on('error', () => undefined);
      sockets.push(socket);
      socket.send(FLOOD);
      // From here on it reads nothing, and its system tells the edge so.
      (socket as unknown as { _socket: Socket })._socket.pause();
    }
    const sessions = async () => (await runtimeCommand(own.runtimeSocket, 'show sess')).split('fe=https').length - 1;
    await waitFor(async () => waitingBytes(own.config.port) > 0 || undefined, { what: 'a flood', timeoutMs: 30_000 });
    let most = 0;
    const gone = async () => {
      most = Math.max(most, waitingBytes(own.config.port));
      return ((await sessions()) === 0 && waitingBytes(own.config.port) === 0) || undefined;
    };
    await waitFor(gone, { what: 'the sessions to end', timeoutMs: 15_000 });
    // The kernel counts up to twice the buffer, and what is on its way.
    assert.ok(most <= 3 * SOCKET_BUFFER_BYTES * count, `${most} bytes waited for ${count} peers`);
  } finally {
    for (const socket of sockets) socket.terminate();
    await own.close();
  }
});

test('the internal port answers only those who ask by address', async () => {
  for (const path of ['/metrics', '/refusals']) {
    assert.equal((await edge.metrics({ path })).status, 200);
    assert.equal((await edge.metrics({ path, headers: { Host: '[::1]:9101' } })).status, 200);
    assert.equal((await edge.metrics({ path, headers: { Host: 'rebound.example' } })).status, 421);
  }
});
