import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capture } from '../apps/grid/grid.ts';
import { CLOSE_CODES, type ClientMessageInput } from '../protocol/index.ts';
import { GridlockError } from './errors.ts';
import { settle } from './testing/fake-clock.ts';
import { Bench, HEARTBEAT_MS, MemoryStore, PLAYER, rejection } from './testing/fake-network.ts';
import { EPOCH, GAME, snapshotMessage } from './testing/history.ts';

type Ping = Extract<ClientMessageInput, { type: 'ping' }>;

test('connect makes a session, opens the socket with its token and resolves with the welcome', async () => {
  const bench = new Bench({ slot: 'tab1', name: 'Ada' });
  const opened = bench.client.connect();
  assert.equal(bench.client.state, 'connecting');
  await settle();
  assert.deepEqual(bench.sessions, [{ slot: 'tab1', name: 'Ada', token: undefined }]);
  assert.deepEqual([bench.socket.address, bench.socket.target.token], ['/ws?slot=tab1', 'token-1']);
  bench.socket.welcome(bench.clock.now());
  assert.equal((await opened).replica, '1111');
  assert.equal(bench.client.state, 'open');
  assert.deepEqual(bench.client.player, PLAYER);
});

test('a ping is sent at once and then each heartbeat, and its pong gives the round trip', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const pings = () => socket.sent.filter((message): message is Ping => message.type === 'ping');
  assert.equal(pings().length, 1);
  await bench.clock.advance(40);
  socket.say({ type: 'pong', t: pings()[0]!.t, now: bench.clock.now() });
  assert.equal(bench.client.health.roundTripMs, 40);
  for (let beat = 0; beat < 10; beat++) {
    await bench.clock.advance(HEARTBEAT_MS);
    socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  }
  assert.equal(pings().length, 11);
  assert.equal(bench.client.health.reconnects, 0);
});

test('the phase of the heartbeat differs from client to client', async () => {
  const second = async (seed: number) => {
    const bench = new Bench({}, { seed });
    const socket = await bench.open();
    socket.say({ type: 'pong', t: 0, now: 0 });
    const start = bench.clock.now();
    for (;;) {
      const [, ping] = socket.sent;
      if (ping?.type === 'ping') return (ping as Ping).t - start;
      await bench.clock.advance(100);
    }
  };
  const phases = await Promise.all([1, 2, 3, 4, 5].map(second));
  assert.equal(new Set(phases).size, 5);
  assert.ok(phases.every((phase) => phase > 0 && phase <= HEARTBEAT_MS));
});

test('a peer that says nothing for two heartbeats is dropped, and the client reconnects', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  await bench.clock.advance(2 * HEARTBEAT_MS - 1);
  assert.equal(bench.client.state, 'open');
  await bench.clock.advance(1);
  assert.equal(socket.closedWith, 4408);
  assert.equal(bench.client.state, 'reconnecting');
  await bench.reopen();
  assert.equal(bench.client.state, 'open');
  assert.equal(bench.client.health.reconnects, 1);
});

test('any frame counts as a sign of life', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  for (let step = 0; step < 10; step++) {
    await bench.clock.advance(HEARTBEAT_MS * 0.9);
    socket.say({ type: 'presence', channel: 'lobby', count: 1, players: [] });
  }
  assert.equal(bench.client.state, 'open');
});

test('a page whose timers were throttled probes the peer before it gives up on it', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  // Timers are late: time has passed before the next one runs.
  const { now } = bench.clock;
  bench.clock.now = () => now.call(bench.clock) + 60_000;
  await bench.clock.advance(HEARTBEAT_MS);
  assert.equal(bench.client.state, 'open');
  assert.equal(socket.sent.filter((message): message is Ping => message.type === 'ping').length, 2);
});

test('delays between attempts grow within their bounds, and start small only after a stable connection', async () => {
  const bench = new Bench({}, { seed: 3 });
  await bench.open();
  const delays: number[] = [];
  const cut = () => {
    bench.socket.end(1006);
    delays.push(bench.events('state').at(-1)!.retryInMs!);
  };
  for (let attempt = 0; attempt < 8; attempt++) {
    cut();
    await bench.reopen();
    await bench.clock.advance(9_999);
    bench.socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  }
  for (const [attempt, delay] of delays.entries()) {
    assert.ok(delay < Math.min(10_000, 250 * 2 ** attempt), `${delay} at attempt ${attempt}`);
  }
  assert.ok(Math.max(...delays) > 1000, 'the delays never grew');
  await bench.clock.advance(1);
  cut();
  assert.ok(delays.at(-1)! < 250);
});

test('going_away sets the delay of the next attempt, and only of that', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  socket.say({ type: 'going_away', reconnectAfterMs: 3_333 });
  assert.equal(bench.client.state, 'open');
  socket.end(1012);
  assert.equal(bench.events('state').at(-1)!.retryInMs, 3_333);
  await bench.clock.advance(3_332);
  assert.equal(bench.sockets.length, 1);
  await bench.clock.advance(1);
  assert.equal(bench.sockets.length, 2);
  bench.socket.end(1006);
  assert.ok(bench.events('state').at(-1)!.retryInMs! < 250);
});

for (const [name, { code, advice }] of Object.entries(CLOSE_CODES)) {
  test(`close code ${code} (${name}) makes the client ${advice}`, async () => {
    const bench = new Bench();
    const socket = await bench.open();
    socket.end(code);
    if (advice === 'stop') {
      const last = bench.events('state').at(-1)!;
      assert.deepEqual([last.state, last.reason], ['closed', name]);
      assert.equal(bench.clock.running, 0);
      return;
    }
    assert.equal(bench.client.state, 'reconnecting');
    await bench.reopen();
    assert.equal(bench.sessions.length, advice === 'authenticate' ? 2 : 1);
    assert.equal(bench.socket.target.token, advice === 'authenticate' ? 'token-2' : 'token-1');
  });
}

test('a superseded client says so and takes over again when asked', async () => {
  const bench = new Bench();
  (await bench.open()).end(4409);
  assert.equal(bench.client.state, 'closed');
  await bench.clock.advance(60_000);
  assert.equal(bench.sockets.length, 1);
  const back = bench.client.reconnect();
  await settle();
  bench.socket.welcome(bench.clock.now());
  await back;
  assert.equal(bench.client.state, 'open');
});

test('a server that accepts but never sends a welcome is given up after the connect timeout', async () => {
  const bench = new Bench();
  void bench.client.connect();
  await bench.clock.advance(9_999);
  const first = bench.socket;
  assert.equal(first.closedWith, undefined);
  await bench.clock.advance(1);
  assert.equal(first.closedWith, 1000);
  assert.equal(bench.events('error').at(-1)?.code, 'connect_failed');
  await bench.reopen();
  assert.equal(bench.client.state, 'open');
});

test('two sockets that never opened lead to a new session, because a browser does not show a 401', async () => {
  const bench = new Bench();
  void bench.client.connect();
  await settle();
  bench.socket.end(1006);
  await bench.clock.advance(250);
  assert.equal(bench.sessions.length, 1);
  bench.socket.end(1006);
  await bench.clock.advance(500);
  assert.equal(bench.sessions.length, 2);
  assert.equal(bench.sessions[1]!.token, 'token-1');
});

test('a failed request for a session is repeated, a refused one is not', async () => {
  const bench = new Bench();
  bench.sessionError = new Error('ECONNREFUSED');
  const opened = rejection(bench.client.connect());
  await bench.clock.advance(5_000);
  assert.ok(bench.sessions.length > 3);
  assert.equal(bench.client.state, 'connecting');
  bench.sessionError = new GridlockError('session_refused', 'The Origin is not allowed.');
  await bench.clock.advance(20_000);
  assert.equal((await opened).code, 'closed');
  assert.equal(bench.events('state').at(-1)!.reason, 'session_refused');
});

test('a session about to expire is renewed before the next socket', async () => {
  const bench = new Bench();
  (await bench.open()).end(1006);
  await bench.reopen();
  assert.equal(bench.sessions.length, 1);
  const { now } = bench.clock;
  bench.clock.now = () => now.call(bench.clock) + 43_200_000;
  bench.socket.end(1006);
  await bench.reopen();
  assert.equal(bench.sessions.length, 2);
});

test('close during the wait to reconnect leaves no timer and no socket', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const waiting = rejection(bench.client.send('ABCDEF', capture(1)));
  socket.end(1006);
  bench.client.close();
  assert.equal(bench.clock.running, 0);
  assert.equal((await waiting).code, 'closed');
  await bench.clock.advance(60_000);
  assert.equal(bench.sockets.length, 1);
});

test('close during the request for a session opens no socket', async () => {
  const bench = new Bench();
  const opened = rejection(bench.client.connect());
  bench.client.close();
  assert.equal((await opened).code, 'closed');
  await settle();
  assert.equal(bench.sockets.length, 0);
  assert.equal(bench.clock.running, 0);
});

test('close ends an open socket with 1000', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  bench.client.close();
  assert.equal(socket.closedWith, 1000);
  assert.equal(bench.clock.running, 0);
});

test('frames outside the protocol end the connection, not the client', async () => {
  for (const frame of ['nonsense', '{"type":"pong"}', new Uint8Array(3)]) {
    const bench = new Bench();
    const socket = await bench.open();
    socket.sayRaw(frame);
    assert.equal(bench.events('error').at(-1)?.code, 'protocol_error');
    assert.equal(bench.client.state, 'reconnecting');
    await bench.reopen();
    assert.equal(bench.client.state, 'open');
  }
});

test('events of an abandoned socket are ignored', async () => {
  const bench = new Bench();
  const old = await bench.open();
  await bench.clock.advance(2 * HEARTBEAT_MS);
  await bench.reopen();
  old.end(4409);
  assert.equal(bench.client.state, 'open');
});

test('server time is taken from the pong with the shortest round trip', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const pong = async (roundTripMs: number, error: number) => {
    const t = bench.clock.now();
    await bench.clock.advance(roundTripMs);
    socket.say({ type: 'pong', t, now: t + Math.round(roundTripMs / 2) + 5_000 + error });
  };
  await pong(400, 150);
  await pong(20, 0);
  await pong(900, -300);
  assert.equal(bench.client.serverNow() - bench.clock.now(), 5_000);
});

test('a new name takes effect with a new session and a new socket', async () => {
  const bench = new Bench({ name: 'Ada' });
  const first = await bench.open();
  const renamed = bench.client.connect({ name: 'Grace' });
  await settle();
  assert.equal(first.closedWith, 1000);
  assert.deepEqual(bench.sessions[1], { slot: bench.sessions[0]!.slot, name: 'Grace', token: 'token-1' });
  bench.socket.welcome(bench.clock.now(), 'c2');
  await renamed;
  await bench.client.connect({ name: ' Grace ' });
  assert.equal(bench.sessions.length, 2);
  assert.equal(bench.client.health.reconnects, 0, 'a move does not count as a loss');
});

test('a listener that throws does not keep others from the event', async (t) => {
  const bench = new Bench();
  const thrown: unknown[] = [];
  const onRejection = (error: unknown) => void thrown.push(error);
  const before = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', onRejection);
  t.after(() => {
    process.removeListener('unhandledRejection', onRejection);
    for (const listener of before) process.on('unhandledRejection', listener);
  });
  const mistake = new Error('a mistake of the page');
  bench.client.on('state', () => {
    throw mistake;
  });
  const seen: string[] = [];
  bench.client.on('state', ({ state }) => void seen.push(state));
  await bench.open();
  await settle();
  assert.deepEqual(seen, ['connecting', 'open']);
  assert.deepEqual(thrown, [mistake, mistake]);
});

test('with routing by game the socket moves to the game that is joined', async () => {
  const bench = new Bench({ slot: 's', routeByGame: true });
  const first = await bench.open();
  const joined = bench.client.join('ABCDEF');
  await settle();
  assert.equal(first.closedWith, 1000);
  assert.deepEqual(first.requests, []);
  assert.equal(bench.socket.address, '/ws?slot=s&game=ABCDEF');
  bench.socket.welcome(bench.clock.now(), 'c2');
  const { id } = bench.socket.request('join');
  bench.socket.say({ type: 'ack', id, game: GAME, epoch: EPOCH, seq: 2 }, snapshotMessage(2));
  assert.equal((await joined).code, GAME);
  assert.equal(bench.sockets.length, 2);
});

test('each attempt to connect has a higher number than the one before, and another client counts separately', async () => {
  const bench = new Bench();
  await bench.open();
  const seen = [bench.socket.attempt];
  for (let cut = 0; cut < 3; cut += 1) {
    bench.socket.end(1006);
    await bench.clock.advance(60_000);
    seen.push(bench.socket.attempt);
  }
  assert.equal(new Set(seen.map(({ client }) => client)).size, 1);
  assert.deepEqual(
    seen.map(({ number }) => number),
    seen.map(({ number }) => number).sort((a, b) => a - b),
  );
  assert.equal(new Set(seen.map(({ number }) => number)).size, 4);
  const other = new Bench({}, { seed: 2 });
  await other.open();
  assert.notEqual(other.socket.attempt.client, seen[0]!.client);
});

test('a superseded client comes back as another client, because a copy of the page may continue from the same attempt', async () => {
  const bench = new Bench();
  const first = await bench.open();
  first.end(4409);
  void bench.client.reconnect();
  await settle();
  assert.notEqual(bench.socket, first);
  assert.notEqual(bench.socket.attempt.client, first.attempt.client);
});

test('a page and its copy each number their attempts above those that the other has made', async () => {
  const at = (ms: number, text: string | undefined) => {
    const store = new MemoryStore();
    if (text !== undefined) store.text = text;
    const bench = new Bench({}, { store });
    const now = bench.clock.now.bind(bench.clock);
    bench.clock.now = () => ms + now();
    return { bench, store };
  };
  const page = at(0, undefined);
  const first = (await page.bench.open()).attempt;
  const copy = at(60_000, page.store.text);
  for (let times = 0; times < 20; times += 1) {
    await copy.bench.open();
    copy.bench.client.close();
  }
  const again = (await at(120_000, page.store.text).bench.open()).attempt;
  assert.equal(again.client, first.client);
  assert.ok(copy.bench.socket.attempt.number > first.number && again.number > copy.bench.socket.attempt.number);
});

/** A page, whose connection is open and silent from now on. */
async function silent() {
  const bench = new Bench();
  const socket = await bench.open();
  socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  return { bench, socket };
}

test('a probe detects a lost connection within three seconds', async () => {
  const { bench, socket } = await silent();
  bench.client.probe();
  await bench.clock.advance(3_000);
  assert.equal(socket.closedWith, 4408);
  await bench.reopen();
  assert.equal(bench.client.health.reconnects, 1);
});

test('a probe that is answered costs a ping and nothing else', async () => {
  const { bench, socket } = await silent();
  const pings = () => socket.sent.filter((message): message is Ping => message.type === 'ping').length;
  const before = pings();
  bench.client.probe();
  bench.client.probe();
  assert.equal(pings(), before + 1);
  socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  await bench.clock.advance(10_000);
  assert.deepEqual([bench.client.state, bench.sockets.length], ['open', 1]);
});

test('a request without an answer detects a dead connection within three seconds', async () => {
  const { bench, socket } = await silent();
  void bench.client.send('ABCDEF', capture(0)).catch(() => undefined);
  await bench.clock.advance(3_000);
  assert.equal(socket.closedWith, 4408);
});

test('a late answer does not end a live connection', async () => {
  const { bench, socket } = await silent();
  const captured = bench.client.send('ABCDEF', capture(0));
  await bench.clock.advance(1_500);
  socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  await bench.clock.advance(2_500);
  socket.say({ type: 'ack', id: socket.request('capture').id, seq: 3 });
  assert.equal((await captured).seq, 3);
  assert.equal(bench.sockets.length, 1);
});

test('a server that is slow for everybody does not have to accept reconnects again and again', async () => {
  const bench = new Bench();
  await bench.open();
  const held: number[] = [];
  for (let socket = 0; socket < 4; socket += 1) {
    const from = bench.clock.now();
    bench.client.probe();
    while (bench.client.state === 'open') await bench.clock.advance(100);
    held.push(bench.clock.now() - from);
    await bench.reopen();
  }
  assert.ok(held[0]! <= 3_000 && held[3]! >= 10_000, held.join(' '));
});

test('a slow network is given as many round trips as it needs', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  socket.say({ type: 'pong', t: bench.clock.now() - 2_000, now: bench.clock.now() });
  bench.client.probe();
  await bench.clock.advance(6_000);
  assert.equal(bench.client.state, 'open');
});

test('repeated signs of a new network end a wait only once, and an old attempt is abandoned', async () => {
  const bench = new Bench();
  void bench.client.connect();
  await settle();
  bench.socket.end(1006);
  bench.socket.end(1006);
  for (let sign = 0; sign < 5; sign += 1) {
    bench.client.probe();
    await settle();
  }
  assert.equal(bench.sockets.length, 1, 'no second attempt within a second of the first');
  await bench.reopen().catch(() => undefined);
  const other = new Bench();
  void other.client.connect();
  await settle();
  other.client.probe();
  await other.clock.advance(5_000);
  assert.equal(other.socket.closedWith, 1000, 'the attempt on the old network is abandoned');
});

test('an address that can never work rejects the first connect, but an address that has worked is tried again', async () => {
  const wrong = () => new GridlockError('wrong_address', 'The certificate is not trusted.');
  const bench = new Bench();
  bench.sessionError = wrong();
  const failure = rejection(bench.client.connect());
  await bench.clock.advance(10_000);
  assert.match((await failure).message, /wrong_address.*certificate is not trusted/);
  assert.deepEqual([bench.client.state, bench.sessions.length], ['closed', 3]);
  const known = new Bench();
  (await known.open()).end(4401);
  known.sessionError = wrong();
  await known.clock.advance(60_000);
  assert.equal(known.client.state, 'reconnecting');
});
