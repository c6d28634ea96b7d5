import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { Agent } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import type { WebSocket } from 'ws';
import { waitFor } from '../local/wait.ts';
import { openSocket, rawTls, untilClosed, withEdge } from './edge-testing.ts';
import { runtimeCommand } from './haproxy.ts';
import { REDIRECT, SOCKET_BUFFER_BYTES } from './limits.ts';
import { type Edge, FLOOD, REFUSED_BACKEND_PATH, REFUSED_PATH, startEdge, waitingBytes } from './testing.ts';

let edge: Edge;
before(async () => {
  edge = await startEdge();
});
after(() => edge.close());

test('headers that arrive too slowly are answered with 408 and cut, while other clients are served', async () => {
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

test('a body over http/2 without its length is refused with 411, and a body with its length is accepted', async () => {
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
    // All at once, because the counts expire within seconds.
    const allowed = await Promise.all(Array.from({ length: 5 }, () => from('127.0.0.66')));
    assert.deepEqual(
      allowed.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    await assert.rejects(from('127.0.0.66'), /ECONNRESET|socket disconnected|hang up/);
    assert.equal((await from('127.0.0.77')).status, 200);
  });
});

test('the edge cuts off an address that replicas refuse too often, until its count expires', async () => {
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
    // Requests that the edge itself refuses do not count: a retry does not keep an address out.
    const isIn = () =>
      ask('127.0.0.66', '/').then(
        (answer) => answer.status === 200 || undefined,
        () => undefined,
      );
    await waitFor(isIn, { what: 'the address to be let in again', timeoutMs: 30_000 });
    agent.destroy();
  });
});

test('refusals to a backend with a key are not counted, and its name is not passed on to clients', async () => {
  await withEdge({ refusedRatePerAddress: 5 }, async (own) => {
    for (let count = 0; count < 10; count += 1) {
      const { status, headers } = await own.https({ localAddress: '127.0.0.66', path: REFUSED_BACKEND_PATH });
      assert.deepEqual([status, headers['gridlock-backend']], [403, undefined]);
    }
  });
});

test('an address that sends too many requests gets 429 with Retry-After', async () => {
  await withEdge({ requestRatePerAddress: 5 }, async (own) => {
    const ask = () => own.https({ localAddress: '127.0.0.66' });
    // All at once, because the counts expire within seconds.
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

test('half-open connections to plain http from one address do not delay other clients', async () => {
  // Without a limit per address they would stay for half a minute.
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
      // From here on it reads nothing, and its kernel tells the edge so.
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
    // The kernel counts up to twice the buffer, and the bytes in flight.
    assert.ok(most <= 3 * SOCKET_BUFFER_BYTES * count, `${most} bytes waited for ${count} peers`);
  } finally {
    for (const socket of sockets) socket.terminate();
    await own.close();
  }
});
