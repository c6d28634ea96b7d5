import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadLeaf } from '../directory/authority-files.ts';
import { ensureChain } from '../index.ts';
import { initAuthority } from '../lifecycle/init.ts';
import { rotate } from '../lifecycle/rotate.ts';
import { DAY_MS, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { lifetimes } from '../x509/lifetimes.ts';
import { backoffMs, renewalsDue, renewalTime } from './renewals.ts';

test('leaves made at the same moment are renewed at different times, which a restart does not change', async (t) => {
  const now = new Date('2026-06-01T00:00:00Z');
  const leaves = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const dir = temporaryDirectory(t);
      await ensureChain({ dir, ...localNames, now });
      return loadLeaf(dir)!.certificate;
    }),
  );
  const times = leaves.map((leaf) => renewalTime(leaf, lifetimes).getTime() - now.getTime());
  assert.equal(new Set(times).size, 8);
  for (const time of times)
    assert.ok(time > (14 / 3 - 0.01) * DAY_MS && time < (14 / 3 + 7 / 20) * DAY_MS, String(time / DAY_MS));
  assert.deepEqual(
    leaves.map((leaf) => renewalTime(leaf, lifetimes).getTime() - now.getTime()),
    times,
  );
});

test('certificates made while the clock was ahead are due as soon as it is right again', async (t) => {
  for (const role of ['leaf', 'intermediate'] as const) {
    const dir = temporaryDirectory(t);
    const now = new Date();
    await ensureChain({ dir, ...localNames, now });
    assert.deepEqual(renewalsDue(dir, now).roles, []);
    await rotate({ dir, role, now: new Date(now.getTime() + DAY_MS) });
    assert.ok(renewalsDue(dir, now).roles.includes(role), role);
  }
});

test('the intermediate of an authority without a cluster is due like any other', async (t) => {
  const dir = temporaryDirectory(t);
  const now = new Date();
  await initAuthority({ dir, dnsNames: ['game.example'], ipAddresses: [], now });
  assert.deepEqual(renewalsDue(dir, now).roles, []);
  assert.deepEqual(renewalsDue(dir, new Date(now.getTime() + 85 * DAY_MS)).roles, ['intermediate']);
});

test('the wait after failures doubles up to five minutes, half of it by chance', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((failures) => backoffMs(failures, () => 1)),
    [1000, 2000, 4000, 8000],
  );
  assert.equal(
    backoffMs(1, () => 0),
    500,
  );
  assert.equal(
    backoffMs(1000, () => 1),
    300_000,
  );
});
