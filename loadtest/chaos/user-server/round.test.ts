import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { Link } from '../link.ts';
import { commandFault, type Scene, type Strike, USER_FAULTS, type UserFault } from './faults.ts';
import { planSockets } from './options.ts';
import { judge, playUserRound } from './round.ts';
import { userRow, userTable } from './table.ts';

const SOCKETS = 4;

/** A server elsewhere: nothing but the network to it can be struck. */
async function serve(t: TestContext) {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const link = await Link.start(() => ({ host: '127.0.0.1', port }));
  t.after(async () => {
    await link.stop();
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  const plan = planSockets({ ping: 'hello {n}', sockets: SOCKETS, pace: 20 }, `ws://127.0.0.1:${port}/`, undefined);
  const play = (fault: UserFault, patienceMs?: number) =>
    playUserRound({ link }, fault, { plan, seed: 1, number: 1, ...(patienceMs === undefined ? {} : { patienceMs }) });
  return { sockets, play };
}

const fault = (strike: (scene: Scene) => Promise<Partial<Strike>>): UserFault => ({
  name: 'planted',
  about: 'does what the test says',
  needs: 'network',
  strike: async (scene) => ({
    what: 'it struck',
    drops: { least: 0, most: 0 },
    announces: false,
    ...(await strike(scene)),
  }),
});
const known = (name: string) => USER_FAULTS.find((one) => one.name === name)!;
const each = (server: WebSocketServer, end: (socket: WebSocket) => void) => [...server.clients].forEach(end);

test('a network that is cut drops every socket unannounced, and all come back', async (t) => {
  const { play } = await serve(t);
  const round = await play(known('network-cut'));
  assert.deepEqual(round.problems, []);
  assert.deepEqual(round.dropped, { 1006: SOCKETS });
  assert.equal(round.reconnects.total, SOCKETS);
  assert.ok(round.wholeAgainMs > 0);
  const row = userRow('network-cut', SOCKETS, [round]);
  assert.deepEqual([row.announced, row.unannounced, row.faults], [0, SOCKETS, []]);
  assert.match(userTable([row]), /^\| network-cut \| +1 \| +4 \| +0 \| +4 \| +\d+ \| +\d+ \| +\d+ \|$/m);
});

test('a network that is silent for a while costs no answer', async (t) => {
  const { play } = await serve(t);
  assert.deepEqual((await play(known('network-silent'))).problems, []);
});

test('a socket that is dropped and not by the fault is a problem', async (t) => {
  const { sockets, play } = await serve(t);
  const round = await play(
    fault(async () => {
      const [first] = sockets.clients;
      const closed = once(first!, 'close');
      first!.close(1001);
      await closed;
      return {};
    }),
  );
  assert.deepEqual(round.problems, ['1 sockets were dropped, and the fault explains 0.']);
  assert.deepEqual(round.dropped, { 1001: 1 });
});

test('a server that ends without a word to its clients is told what to do', async (t) => {
  const { sockets, play } = await serve(t);
  const drops = { least: SOCKETS, most: SOCKETS };
  const cut = await play(
    fault(async () => {
      each(sockets, (socket) => socket.terminate());
      return { drops, announces: true };
    }),
  );
  assert.match(cut.problems.join(), /^4 sockets were cut without a close frame: close them with 1001/);
  const closed = await play(
    fault(async () => {
      each(sockets, (socket) => socket.close(1001));
      return { drops, announces: true };
    }),
  );
  assert.deepEqual(closed.problems, []);
  assert.equal(userRow('drain', SOCKETS, [closed]).announced, SOCKETS);
});

test('sockets that do not come back are a problem', async (t) => {
  const { sockets, play } = await serve(t);
  const round = await play(
    fault(async () => {
      sockets.shouldHandle = () => false;
      each(sockets, (socket) => socket.terminate());
      return { drops: { least: SOCKETS, most: SOCKETS } };
    }),
    300,
  );
  assert.match(round.problems.join(), /4 sockets were not open at the end/);
  assert.ok(Number.isNaN(round.wholeAgainMs));
});

test('a fault that did not strike proves nothing', async (t) => {
  const { play } = await serve(t);
  const broken = await play(
    fault(async () => {
      throw new Error('There is nothing to strike.');
    }),
  );
  assert.deepEqual([broken.what, broken.problems], ['nothing struck', ['There is nothing to strike.']]);
  const weak = judge(
    { dropped: {}, sockets: { wanted: 1, most: 1, atEnd: 1, opened: 1 }, pings: { sent: 2, answered: 1, cutShort: 0 } },
    { drops: { least: 1, most: 1 }, announces: false },
  );
  assert.deepEqual(weak, [
    'It should have dropped 1 sockets, and dropped 0.',
    '1 pings were not answered though their socket stayed open.',
  ]);
});

test("a command of the user's strikes when it exits with 0", async (t) => {
  const { play } = await serve(t);
  assert.deepEqual((await play(commandFault('exit 0'))).problems, []);
  assert.deepEqual((await play(commandFault('exit 3'))).problems, ['The command of --strike ended with 3: exit 3']);
});
