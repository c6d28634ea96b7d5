import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { freePort } from '../../../tests/kit/ports.ts';
import { until } from '../../../tests/kit/wait.ts';
import { localCertificate } from '../testing/certificate.ts';
import { TestClient } from '../testing/client.ts';
import { adminOf, startRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';
import { connectStore } from './connect.ts';
import { REDIS_VARIABLES, redisSettings } from './settings.ts';

test('replicas follow Redis from one root to the next while they run', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'gridlock-rollover-'));
  const at = (name: string) => join(directory, name);
  const [old, next] = [await localCertificate('old root'), await localCertificate('next root')];
  /** As a mounted volume changes: all at once. */
  const trust = async (...roots: string[]) => {
    await writeFile(at('roots.new'), roots.join('\n'));
    await rename(at('roots.new'), at('roots.pem'));
  };
  for (const [name, { certificate, key }] of Object.entries({ old, next })) {
    await writeFile(at(`${name}.pem`), certificate);
    await writeFile(at(`${name}.key`), key);
  }
  await trust(old.certificate);
  const port = await freePort();
  const client = { tls: { rejectUnauthorized: false } };
  const redis = await startRedis({
    port,
    client,
    config: [
      'port 0',
      `tls-port ${port}`,
      'tls-auth-clients no',
      `tls-cert-file ${at('old.pem')}`,
      `tls-key-file ${at('old.key')}`,
      `tls-ca-cert-file ${at('old.pem')}`,
    ],
  });
  const admin = adminOf({ port }, client);
  t.after(async () => {
    admin.disconnect();
    await redis.stop();
    await rm(directory, { recursive: true });
  });
  const variables = { REDIS_URL: `rediss://127.0.0.1:${port}`, REDIS_CA_FILE: at('roots.pem') };
  const settings = redisSettings(
    v.parse(v.object(REDIS_VARIABLES), variables),
    (_variable, path) => readFileSync(path, 'utf8'),
    (sentence) => assert.fail(sentence),
  );
  const replica = await startTestReplica(settings, '1111');
  const player = await TestClient.connect(replica.url);
  t.after(async () => {
    player.close();
    await replica.drain();
  });
  assert.equal((await player.request({ type: 'subscribe', channel: 'lobby' })).type, 'ack');
  /** Cuts every connection of the replica, and waits until it serves through new ones. */
  const reconnect = async (text: string) => {
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(async () => {
      const answer = await player.request({ type: 'publish', channel: 'lobby', data: { text } });
      if (answer.type === 'ack') return true;
      await delay(answer.retryAfterMs ?? 100);
      return false;
    }, 'the replica writes again');
    await player.next('message', ({ data }) => data.text === text);
  };

  await trust(old.certificate, next.certificate);
  const served = ['tls-cert-file', at('next.pem'), 'tls-key-file', at('next.key'), 'tls-ca-cert-file', at('next.pem')];
  await admin.call('CONFIG', 'SET', ...served);
  await reconnect('both are trusted');

  await trust(next.certificate);
  await reconnect('the old one is not');

  await trust(old.certificate);
  const stranger = connectStore(settings, 'stranger');
  const [error] = (await once(stranger, 'error')) as [Error];
  assert.match(error.message, /certificate/);
  await trust(next.certificate);
  await until(() => stranger.status === 'ready', 'the same connection is made once its file has the root');
  stranger.disconnect();
});
