import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { freePort } from '../../../tests/kit/ports.ts';
import { until } from '../../../tests/kit/wait.ts';
import { grid } from '../../apps/grid/grid.ts';
import { createLogger } from '../ops/log.ts';
import { startReplica } from '../replica.ts';
import { localCertificate } from '../testing/certificate.ts';
import { TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { settingsOf, startTestReplica, testConfig } from '../testing/replica.ts';
import { type RedisSecurity, redisSecurity } from '../testing/secure-redis.ts';
import { connectStore } from './connect.ts';
import type { RedisSettings } from './settings.ts';

let security: RedisSecurity;
let redis: TestRedis;
let settings: RedisSettings;

before(async () => {
  const port = await freePort();
  security = await redisSecurity();
  redis = await startRedis({ port, config: security.config(port), client: security.admin });
  settings = { topology: { kind: 'single', address: { host: '127.0.0.1', port }, db: 0 }, ...security.settings };
});
after(async () => {
  await redis?.stop();
  await security?.remove();
});

test('a game is played through TLS as a user who may do no more than the README lists', async () => {
  const replica = await startTestReplica(settings, '1111');
  const [ada, bob] = await Promise.all([TestClient.connect(replica.url), TestClient.connect(replica.url)]);
  const created = await ada.request({ type: 'create', players: 2, size: 3 });
  const game = created.type === 'ack' ? created.game! : assert.fail(created.message);
  assert.equal((await bob.request({ type: 'join', game })).type, 'ack');
  for (const client of [ada, bob]) await client.request({ type: 'subscribe', channel: 'lobby' });
  assert.equal((await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'hello' } })).type, 'ack');
  assert.equal((await ada.request({ type: 'capture', game, cell: 4 })).type, 'ack');
  await bob.next('event', ({ event }) => event.kind === 'captured');
  await bob.next('message');
  await bob.next('presence', ({ count }) => count === 2);
  ada.close();
  bob.close();
  await replica.drain();
});

for (const [what, wrong] of [
  ['another root', async () => ({ tls: { ca: (await localCertificate()).certificate } })],
  ['the roots of the system only', async () => ({ tls: { ca: undefined } })],
  ['another password', async () => ({ password: 'wrong' })],
  ['no encryption', async () => ({ tls: undefined })],
] as [string, () => Promise<Partial<RedisSettings>>][]) {
  test(`with ${what} there is no connection`, async () => {
    const store = connectStore({ ...settings, ...(await wrong()) }, 'wrong');
    const [error] = (await once(store, 'error')) as [Error];
    assert.ok(error.message.length > 0);
    await assert.rejects(Promise.resolve(store.get('gridlock:x')));
    store.disconnect();
  });
}

test('a Redis that is too old is refused with a sentence', async () => {
  // Speaks as much of the protocol as a client asks for until it knows the version.
  const old = createServer((socket) => {
    socket.on('data', (data) => {
      const asked = String(data)
        .split('*')
        .filter(Boolean)
        .map((command) => command.split('\r\n')[2]?.toLowerCase());
      const info = '# Server\r\nredis_version:6.2.14\r\nrun_id:a\r\nrole:master\r\n';
      for (const name of asked) {
        socket.write(name === 'info' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(old, 'listening');
  const url = `redis://127.0.0.1:${(old.address() as AddressInfo).port}`;
  let told = '';
  const config = testConfig(settingsOf(url), '1111');
  const replica = await startReplica(config, grid, createLogger('silent', '1111'), (sentence) => (told = sentence));
  await until(() => told !== '', 'the replica says what is wrong');
  assert.equal(told, 'Redis 6.2.14 is too old; use 7.0 or later.');
  assert.equal(replica.readiness.reason, told);
  await replica.drain();
  old.close();
});
