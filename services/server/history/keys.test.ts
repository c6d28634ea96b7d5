import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

interface Row {
  readonly pattern: RegExp;
  readonly key: string;
  readonly type: string;
  readonly seconds: number;
}

const UNITS: Record<string, number> = { s: 1, min: 60, h: 3600, days: 86_400 };

const CODE = '[A-Z2-9]{6}';
const PARTS: Record<string, string> = { game: CODE, channel: `(?:lobby|${CODE})`, address: '[^{}]+' };

/** The table of the keys in the documentation: key, type, what is in it, size, longest life. */
function documented(): Row[] {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/reference/redis-keys.md', import.meta.url)), 'utf8');
  const rows = [...page.matchAll(/^\| `(gridlock:[^`]+)` \| (\w+) \|.*\| (\d+) (s|min|h|days) \|$/gm)];
  return rows.map(([, key = '', type = '', count, unit = '']) => ({
    key,
    type,
    seconds: Number(count) * UNITS[unit]!,
    pattern: new RegExp(
      `^${key.replace(/[{}]/g, '\\$&').replace(/<([^>]+)>/g, (_, name: string) => PARTS[name] ?? '[^{}:]+')}$`,
    ),
  }));
}

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis?.stop());

test('every key that play leaves in Redis is in the documented table, of that type, and expires as it says', async (context) => {
  const rows = documented();
  assert.ok(rows.length >= 12, `${rows.length} rows were found`);
  const admin = adminOf(redis);
  context.after(() => admin.disconnect());
  const met = new Set<string>();
  const check = async () => {
    for (const key of await admin.keys('*')) {
      const [type, ttl] = await Promise.all([admin.type(key), admin.pttl(key)]);
      // It expired since.
      if (ttl === -2) continue;
      const row = rows.find(({ pattern }) => pattern.test(key));
      assert.ok(row, `${key} is not in the table`);
      assert.equal(type, row.type, key);
      assert.ok(ttl >= 0, `${key} never expires`);
      assert.ok(ttl <= row.seconds * 1000, `${key} lives for ${ttl} ms, not ${row.seconds} s at most`);
      met.add(row.key);
    }
  };
  for (const design of DESIGNS) {
    const replica = await startTestReplica(redis.url, design === 'stateless' ? '1111' : '2222', { design });
    context.after(() => replica.drain());
    const [ada, bob] = await Promise.all([TestClient.connect(replica.url), TestClient.connect(replica.url)]);
    context.after(() => [ada, bob].forEach((client) => client.close()));
    const game = ok(await ada.request({ type: 'match', players: 2, size: 3, seconds: 60 })).game!;
    await check();
    ok(await bob.request({ type: 'match', players: 2, size: 3, seconds: 60 }));
    const open = ok(await bob.request({ type: 'match', players: 3, size: 3, spectators: true })).game!;
    ok(await ada.request({ type: 'watch', game: open }));
    for (const channel of ['lobby', game]) {
      ok(await ada.request({ type: 'subscribe', channel }));
      ok(await ada.request({ type: 'publish', channel, data: { text: 'hello' } }));
    }
    for (let cell = 0; cell < 9; cell += 1) {
      ok(await (cell % 2 ? ada : bob).request({ type: 'capture', game, cell }));
      await check();
    }
    await ada.next('event', ({ event }) => event.kind === 'finished');
    await ada.next('presence');
    assert.equal((await ada.request({ type: 'watch', game: 'ZZZZZZ' })).type, 'error');
    await ada.next('watchers');
    await check();
  }
  await check();
  const missing = rows.filter(({ key }) => !met.has(key) && !key.includes('{ops}'));
  assert.deepEqual(
    missing.map(({ key }) => key),
    [],
    'the table names keys that nothing writes',
  );
});
