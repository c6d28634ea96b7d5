import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http, { createServer, type IncomingMessage, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { capture, grid } from '../apps/grid/grid.ts';
import { LIMITS, REFUSAL_HEADER } from '../protocol/index.ts';
import { createClient, type GridlockClient } from './node.ts';

interface TestServer {
  readonly url: string;
  readonly sessions: { authorization: string | undefined; body: unknown }[];
  readonly upgrades: IncomingMessage[];
  readonly sockets: WebSocketServer;
  /** The refusals with which the next upgrades are answered. */
  readonly refusals: number[];
}

const { messageBytes, messagesPerSecond, resumeWindowMs } = LIMITS;

function welcome(socket: WebSocket): void {
  socket.send(
    JSON.stringify({
      type: 'welcome',
      protocol: 'gridlock.v1',
      replica: '1111',
      connection: 'c1',
      player: { id: 'p1', name: 'Ada' },
      heartbeatMs: 15_000,
      now: Date.now(),
      limits: { messageBytes, messagesPerSecond, resumeWindowMs },
    }),
  );
}

/** Without this header, the refusal would count as that of a proxy that does not pass WebSockets on. */
const REFUSED_BY = `${REFUSAL_HEADER}: gridlock.v1`;

async function serve(t: TestContext): Promise<TestServer> {
  const sessions: TestServer['sessions'] = [];
  const upgrades: IncomingMessage[] = [];
  const refusals: number[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request
      .on('data', (chunk) => (text += chunk))
      .on('end', () => {
        sessions.push({ authorization: request.headers.authorization, body: JSON.parse(text) });
        const token = `token-${sessions.length}`;
        const body = { player: { id: 'p1', name: 'Ada' }, expiresAt: Date.now() + 43_200_000, token };
        response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    upgrades.push(request);
    // The client may have reset it by the time the refusal is sent.
    socket.on('error', () => undefined);
    const refusal = refusals.shift();
    if (refusal !== undefined) socket.end(`HTTP/1.1 ${refusal} Refused\r\nConnection: close\r\n${REFUSED_BY}\r\n\r\n`);
    else sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket));
  });
  sockets.on('connection', welcome);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sessions, upgrades, sockets, refusals };
}

function client(t: TestContext, url: string): GridlockClient {
  const created = createClient({ room: grid, url, name: 'Ada', slot: '0', backoffBaseMs: 1 });
  t.after(() => created.close());
  return created;
}

test('a program gets a token, shows it at the upgrade and offers the subprotocol', async (t) => {
  const server = await serve(t);
  const { player } = await client(t, server.url).connect();
  assert.deepEqual(player, { id: 'p1', name: 'Ada' });
  const body = { transport: 'bearer', slot: '0', name: 'Ada' };
  assert.deepEqual(server.sessions, [{ authorization: undefined, body }]);
  const { url, headers } = server.upgrades[0]!;
  assert.deepEqual(
    [
      url!.replace(/[a-z0-9]{8}\.[0-9]+$/, 'x.1'),
      headers.authorization,
      headers['sec-websocket-protocol'],
      headers['sec-websocket-extensions'],
    ],
    ['/ws?slot=0&attempt=x.1', 'Bearer token-1', 'gridlock.v1', undefined],
  );
});

test('a 401 at the upgrade leads to a new token for the same player', async (t) => {
  const server = await serve(t);
  server.refusals.push(401);
  await client(t, server.url).connect();
  assert.deepEqual(
    server.sessions.map(({ authorization }) => authorization),
    [undefined, 'Bearer token-1'],
  );
});

test('a 503 at the upgrade is tried again, a 403 is not', async (t) => {
  const server = await serve(t);
  server.refusals.push(503, 503);
  await client(t, server.url).connect();
  assert.equal(server.upgrades.length, 3);
  server.refusals.push(403);
  await assert.rejects(client(t, server.url).connect(), /policyViolation.*403/);
});

test('a cut socket is replaced and the request under way is sent again with its id', async (t) => {
  const server = await serve(t);
  const ids: string[] = [];
  server.sockets.on('connection', (socket: WebSocket) => {
    socket.on('message', (data) => {
      const { type, id } = JSON.parse(String(data)) as { type: string; id: string };
      if (type !== 'capture') return;
      ids.push(id);
      if (ids.length === 1) socket.terminate();
      else socket.send(JSON.stringify({ type: 'ack', id, seq: 5 }));
    });
  });
  const player = client(t, server.url);
  await player.connect();
  assert.equal((await player.send('ABCDEF', capture(3))).seq, 5);
  assert.equal(new Set(ids).size, 1);
  assert.equal(ids.length, 2);
  assert.equal(player.health.reconnects, 1);
});

test('a missing server is reported as an error, and close ends the attempts', async (t) => {
  const server = await serve(t);
  const player = client(t, server.url.replace(/\d+$/, '1'));
  const failed = new Promise<string>((resolve) => player.on('error', ({ code }) => resolve(code)));
  const opened = player.connect();
  assert.equal(await failed, 'session_unavailable');
  player.close();
  await assert.rejects(opened, { code: 'closed' });
});

test('the address of a socket leads to the same cluster, and an invalid address is refused at once', async (t) => {
  const { url, upgrades } = await serve(t);
  await client(t, url.replace('http:', 'ws:')).connect();
  assert.equal(upgrades.length, 1);
  for (const wrong of ['localhost:8443', 'cluster', 'ftp://localhost', '']) {
    assert.throws(() => createClient({ url: wrong }), /is not the address of a cluster; write one like https:/, wrong);
  }
});

test('an address that redirects is given up with the address to use', async (t) => {
  const server = createServer((_, response) =>
    response.writeHead(308, { location: 'https://a.example/api/session' }).end(),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const wrong = client(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await assert.rejects(wrong.connect(), /redirects to https:\/\/a\.example \(308\)/);
  assert.equal(wrong.state, 'closed');
});

test('a server that does not speak TLS is given up with a sentence', async (t) => {
  const { url } = await serve(t);
  await assert.rejects(client(t, url.replace('http:', 'https:')).connect(), /wrong_address/);
});

test('an agent makes the connections of session and socket', async (t) => {
  const { url } = await serve(t);
  const made: string[] = [];
  class Counting extends http.Agent {
    override createConnection(...args: Parameters<http.Agent['createConnection']>) {
      made.push('connection');
      return super.createConnection(...args);
    }
  }
  const agent = new Counting();
  const created = createClient({ url, agent });
  t.after(() => created.close());
  await created.connect();
  assert.equal(made.length, 2);
});

test('the socket obeys the proxy variables that the request for the session obeys', async (t) => {
  const { url, upgrades } = await serve(t);
  const asked: string[] = [];
  // A plain HTTP proxy: requests name whole URLs, and it passes on everything after the head of an upgrade.
  const proxy = createServer();
  proxy.on('request', (request, response) => {
    asked.push(`${request.method} ${new URL(request.url!).pathname}`);
    const { method, headers } = request;
    request.pipe(
      http.request(request.url!, { method: method!, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  proxy.on('upgrade', (request, socket) => {
    const { host, port, pathname, search } = new URL(request.url!);
    asked.push(`UPGRADE ${pathname}`);
    const to = net.connect(Number(port), '127.0.0.1');
    const headers = request.rawHeaders.map((text, index) => text + (index % 2 === 0 ? ': ' : '\r\n')).join('');
    to.write(`GET ${pathname}${search} HTTP/1.1\r\n${headers.replace(/^host: .*$/im, `Host: ${host}`)}\r\n`);
    to.pipe(socket).pipe(to);
    for (const end of [to, socket]) end.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const program = `import { createClient } from ${JSON.stringify(new URL('node.ts', import.meta.url).href)};
    const client = createClient({ url: ${JSON.stringify(url)}, transports: ['websocket'] });
    await client.connect(); client.close(); process.exit(0);`;
  const { port } = proxy.address() as AddressInfo;
  const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '' };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 30_000,
  });
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.deepEqual([asked, upgrades.length], [['POST /api/session', 'UPGRADE /ws'], 1]);
});
