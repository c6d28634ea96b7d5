import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { UsageError } from '../../infra/usage-error.ts';
import { until } from '../../tests/kit/wait.ts';
import { type ConnectOptions, planConnect } from './options.ts';
import { holdSockets } from './run.ts';
import { describeConnect } from './summary.ts';
import { Tally } from './tally.ts';

const quiet = () => undefined;
/** Longer than any test: each run ends when it has seen enough. */
const SECONDS = 60;

/** A server that calls `behave` with each of its sockets and its number, from 1. */
async function serve(t: TestContext, behave: (socket: WebSocket, number: number, url: string) => void) {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  let number = 0;
  sockets.on('connection', (socket, request) => behave(socket, ++number, request.url ?? ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return { target: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, server, sockets };
}

/** Holds four sockets until enough was counted. */
async function hold(options: Partial<ConnectOptions>, isEnough: (tally: Tally) => boolean) {
  const enough = new AbortController();
  const tally = new Tally();
  const plan = planConnect({ sockets: 4, seconds: SECONDS, ramp: 0, ...options });
  const running = holdSockets(plan, quiet, enough.signal, tally);
  await until(() => isEnough(tally), 'enough was counted').finally(() => enough.abort());
  return running;
}

const echo = (socket: WebSocket) => socket.on('message', (data) => socket.send(`echo of ${data}`));
const passed = ({ thresholds }: Awaited<ReturnType<typeof hold>>): Record<string, boolean> =>
  Object.fromEntries(thresholds.map(({ name, passed: ok }) => [name, ok]));

test('sockets that are held and answered pass, each with its number in target and text', async (t) => {
  const urls = new Set<string>();
  const texts = new Set<string>();
  const { target } = await serve(t, (socket, _, url) => {
    urls.add(url);
    socket.on('message', (data) => texts.add(String(data)));
    echo(socket);
  });
  const summary = await hold({ target: `${target}?user={n}`, ping: 'hello {n}', pace: 10 }, () => texts.size === 4);
  assert.ok(summary.passed, describeConnect(summary));
  assert.deepEqual([...urls].sort(), ['/?user=1', '/?user=2', '/?user=3', '/?user=4']);
  assert.deepEqual([...texts].sort(), ['hello 1', 'hello 2', 'hello 3', 'hello 4']);
  assert.deepEqual(summary.sockets, { wanted: 4, most: 4, atEnd: 4, opened: 4 });
  assert.ok(summary.pings.sent >= 4);
  assert.equal(summary.metrics['echo_ms']!.samples, summary.pings.sent);
  assert.match(describeConnect(summary), /^ {2}pings +\d+ sent, \d+ answered$/m);
});

test('a dropped socket is counted by its close code, reconnects, and the time to reconnect is reported', async (t) => {
  const { target } = await serve(t, (socket, number) => {
    if (number === 1) socket.close(4001, 'go away');
    if (number === 2) socket.terminate();
  });
  const summary = await hold({ target }, ({ opened }) => opened === 6);
  assert.deepEqual(summary.dropped, { 1006: 1, 4001: 1 });
  assert.deepEqual(summary.sockets, { wanted: 4, most: 4, atEnd: 4, opened: 6 });
  assert.equal(summary.metrics['reconnect_ms']!.samples, 2);
  assert.equal(summary.passed, false);
  assert.deepEqual(passed(summary), {
    'no handshake failed': true,
    'no socket was dropped': false,
    'every socket is open at the end': true,
  });
});

test('a handshake that is refused is counted by its reason and tried again', async (t) => {
  const { target, sockets } = await serve(t, quiet);
  let refusals = 3;
  sockets.shouldHandle = () => refusals-- <= 0;
  const summary = await hold({ target }, ({ opened }) => opened === 4);
  assert.deepEqual(summary.failed, { 'HTTP 400': 3 });
  assert.equal(summary.sockets.atEnd, 4);
  assert.equal(passed(summary)['no handshake failed'], false);
});

test('a ping without its answer fails the run, whatever else the server sends', async (t) => {
  const { target } = await serve(t, (socket) => socket.on('message', () => socket.send('something else')));
  const summary = await hold({ target, sockets: 1, ping: 'hello', pace: 2 }, ({ sent }) => sent === 1);
  assert.equal(summary.pings.answered, 0);
  assert.equal(passed(summary)['every ping was answered'], false);
});

test('a client sends the cookie it got when it reconnects, as a browser does', async (t) => {
  const cookies: (string | undefined)[] = [];
  const { target, sockets } = await serve(t, (socket, number) => number === 1 && socket.close(1012));
  sockets.on('headers', (headers, request) => {
    cookies.push(request.headers.cookie);
    headers.push('Set-Cookie: edge=1; Path=/; HttpOnly');
  });
  await hold({ target, sockets: 1 }, ({ opened }) => opened === 2);
  assert.deepEqual(cookies, [undefined, 'edge=1']);
});

test('an address without a server is reported with the reason', async () => {
  await assert.rejects(
    hold({ target: 'ws://127.0.0.1:1/' }, ({ failures }) => failures.size > 0),
    {
      name: 'UsageError',
      message: /^No socket could be opened at ws:\/\/127\.0\.0\.1:1\/ \(ECONNREFUSED\): .* its path in --target/,
    },
  );
});

for (const [what, options, pattern] of [
  ['a missing target', {}, /^--target is missing: an address such as/],
  ['a target that is a page', { target: 'https://localhost' }, /^--target is "https:\/\/localhost"/],
  ['a target with a fragment', { target: 'wss://localhost/#x' }, /without a fragment/],
  ['an answer without a question', { target: 'ws://x/', expect: 'y' }, /^--expect is for --ping/],
  ['a pace without a question', { target: 'ws://x/', pace: 2 }, /^--pace is for --ping/],
  ['a ramp that is longer than the run', { target: 'ws://x/', ramp: 40 }, /^--ramp is 40 s and --seconds 30/],
  ['a header without a value', { target: 'ws://x/', header: ['X-User'] }, /^--header is "X-User"/],
  ['a root without TLS', { target: 'ws://x/', ca: 'root.pem' }, /^--ca is for a wss:\/\/ target/],
  ['a root that is not there', { target: 'wss://x/', ca: '/nowhere.pem' }, /^The root certificate \/nowhere\.pem/],
] as const) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(
      () => planConnect({ sockets: 1, seconds: 30, ...options }),
      (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, pattern);
        return true;
      },
    );
  });
}
