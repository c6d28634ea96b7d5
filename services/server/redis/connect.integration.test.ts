import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import { startCluster } from '../testing/cluster.ts';
import { connectStore, disconnectStore } from './connect.ts';

test('the store of a cluster that ends while it looks for its slots stops looking', async (t) => {
  const cluster = await startCluster();
  t.after(() => cluster.stop());
  const store = connectStore(cluster.settings, 'test');
  assert.ok(store instanceof Cluster);
  await until(() => store.status === 'ready', 'the cluster is connected');
  const found: (() => void)[] = [];
  const looks = t.mock.method(store, 'refreshSlotsCache', (onFound?: () => void) => onFound && found.push(onFound));
  await until(() => found.length > 0, 'it looks for its slots', 20_000);
  disconnectStore(store);
  const before = looks.mock.callCount();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  // The round under way ends now, and the next one begins.
  for (const onFound of found) onFound();
  t.mock.timers.tick(60_000);
  assert.equal(looks.mock.callCount(), before);
  t.mock.timers.reset();
});
