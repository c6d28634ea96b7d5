import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { until } from '../../../tests/kit/wait.ts';
import { grid } from '../../apps/grid/grid.ts';
import { type Replica, startReplica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { ORIGIN, settingsOf, testConfig } from '../testing/replica.ts';
import { ConnectionLog } from './log.ts';

let redis: TestRedis;
let replica: Replica;
let written = '';

before(async () => {
  redis = await startRedis();
  const log = pino({ level: 'trace' }, { write: (line: string) => void (written += line) });
  replica = await startReplica(testConfig(settingsOf(redis.url), '1111'), grid, log);
  await until(() => replica.readiness.reason === undefined, 'the replica is ready');
});
after(async () => {
  await replica?.drain();
  await redis?.stop();
});

test('the log shows players, addresses and close codes, and never a token or the text of a player', async () => {
  const { token, player } = await guest(replica.url, { name: 'Ada Nameless' });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const renewed = await guest(replica.url);
  const client = await TestClient.connect(replica.url, token, { origin: ORIGIN });
  ok(await client.request({ type: 'subscribe', channel: 'lobby' }));
  ok(await client.request({ type: 'publish', channel: 'lobby', data: { text: 'a-secret-word' } }));
  await client.request({ type: 'refresh', token });
  await client.request({ type: 'refresh', token: renewed.token });
  client.socket.send(`{"type":"refresh","id":"r1","token":"${token}","more":1}`);
  client.socket.send(`not json ${token}`);
  await client.next('error', ({ code }) => code === 'bad_json');
  const cookie = `__Host-gridlock-0=${token}`;
  await fetch(`${replica.url}/api/session`, { method: 'POST', headers: { ...headers, cookie }, body: `"${token}` });
  await fetch(`${replica.url}/nothing?token=${token}`);
  await fetch(`${replica.url}/api/session`, { method: 'DELETE', headers, body: '{}' });
  assert.equal(await client.closed(), 4401);
  const refused = new TestClient(replica.url, token);
  await new Promise((resolve) => refused.socket.once('error', resolve));
  await until(() => written.includes('connection closed'), 'the end is logged');

  const lines = written
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const opened = lines.find(({ msg, player: id }) => msg === 'connection opened' && id === player.id);
  assert.deepEqual([opened?.['origin'], opened?.['address']], [ORIGIN, '127.0.0.1']);
  const closed = lines.find(({ msg, player: id }) => msg === 'connection closed' && id === player.id);
  assert.equal(closed?.['closedAs'], 'unauthorized');
  for (const secret of [token, renewed.token, token.split('.')[2]!, 'a-secret-word', 'Ada Nameless']) {
    assert.equal(written.includes(secret), false, secret);
  }
});

function logged(level: string, crowd: number): { msg: string; player?: string; opened?: number; closed?: number }[] {
  const lines: string[] = [];
  const log = new ConnectionLog(pino({ level }, { write: (line: string) => void lines.push(line) }), { most: 2 });
  for (let index = 0; index < crowd; index += 1) log.opened({ connection: `c${index}`, player: `p${index}` }, {});
  log.closed({ connection: 'c0', player: 'p0' }, { code: 1000 });
  log.stop();
  return lines.map((line) => JSON.parse(line));
}

test('single connections have a line each when they open and close', () => {
  assert.deepEqual(
    logged('info', 2).map(({ msg, player }) => `${player} ${msg}`),
    ['p0 connection opened', 'p1 connection opened', 'p0 connection closed'],
  );
});

test('for many connections at once, one line has the number of the rest', () => {
  const lines = logged('info', 7);
  assert.equal(lines.length, 4);
  const { opened, closed } = lines.at(-1)!;
  assert.deepEqual({ opened, closed }, { opened: 5, closed: 0 });
});

test('at the level debug every connection has a line', () => {
  assert.equal(logged('debug', 7).filter(({ msg }) => msg === 'connection opened').length, 7);
});
