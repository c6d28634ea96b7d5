import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileAtomically } from '../directory/atomic-files.ts';
import { loadLeaf, loadTrust } from '../directory/authority-files.ts';
import { settingsFile } from '../directory/settings.ts';
import { push } from '../edge/edge-deployment.ts';
import { fetchServed } from '../edge/tls-endpoint.ts';
import { ensureChain, readChain, rotate } from '../index.ts';
import { issueLeaf } from '../lifecycle/issue.ts';
import { DAY_MS, later, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { startTestEdge, withoutHaproxy } from '../testing/test-edge.ts';
import { Watcher } from './watcher.ts';

async function authority(t: TestContext): Promise<string> {
  const dir = join(temporaryDirectory(t), 'pki');
  await ensureChain({ dir, ...localNames });
  return dir;
}

const serials = (dir: string) => readChain(dir).certificates.map(({ serialNumber }) => serialNumber);

/** The number of a series in Prometheus text. */
async function metric({ metrics }: Watcher, series: string): Promise<number> {
  const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1));
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'it did not happen in time');
    await delay(20);
  }
}

describe('a check of the directory', () => {
  test('changes nothing while nothing is due, and reports how long each certificate lives', async (t) => {
    const dir = await authority(t);
    const before = serials(dir);
    const watcher = new Watcher({ dir });
    assert.deepEqual(await watcher.look(), []);
    assert.deepEqual(serials(dir), before);
    const left = await metric(watcher, `certificate_expiry_seconds{role="leaf",path="${join(dir, 'leaf.pem')}"}`);
    assert.ok(left > 6.9 * 86_400 && left <= 7 * 86_400, String(left));
    assert.equal(await metric(watcher, 'certificate_renewals_total{role="leaf"}'), 0);
  });

  test('reports the end of each certificate as soon as it is replaced, by any process', async (t) => {
    const dir = await authority(t);
    const watcher = new Watcher({ dir });
    const told = async () => {
      await watcher.tell();
      return metric(watcher, `certificate_not_after_seconds{role="leaf",path="${join(dir, 'leaf.pem')}"}`);
    };
    const before = await told();
    assert.equal(before, Date.parse(readChain(dir).certificates.at(-1)!.notAfter) / 1000);
    await rotate({ dir, role: 'leaf', now: later(DAY_MS) });
    assert.ok((await told()) > before);
  });

  test('renews the leaf after two thirds of its life, and a little later at most', async (t) => {
    const dir = await authority(t);
    const [root, intermediate, leaf] = serials(dir);
    assert.deepEqual(await new Watcher({ dir, now: () => later(4.6 * DAY_MS) }).look(), []);
    assert.equal(serials(dir)[2], leaf);
    const watcher = new Watcher({ dir, now: () => later(5.1 * DAY_MS) });
    assert.deepEqual(await watcher.look(), []);
    assert.deepEqual(serials(dir).slice(0, 2), [root, intermediate]);
    assert.notEqual(serials(dir)[2], leaf);
    assert.equal(await metric(watcher, 'certificate_renewals_total{role="leaf"}'), 1);
  });

  test('renews the intermediate, and the leaf with it, while a leaf still fits into it', async (t) => {
    const dir = await authority(t);
    const before = serials(dir);
    await new Watcher({ dir, now: () => later(84 * DAY_MS) }).look();
    assert.deepEqual(
      serials(dir).map((serial, index) => serial === before[index]),
      [true, false, false],
    );
  });

  test('renews the leaf although the intermediate cannot be renewed without the root key', async (t) => {
    const dir = await authority(t);
    renameSync(join(dir, 'root.key'), join(dir, '..', 'root.key'));
    const before = serials(dir);
    const watcher = new Watcher({ dir, now: () => later(84 * DAY_MS) });
    const failed = await watcher.look();
    assert.equal(failed.length, 1);
    assert.match(failed[0]!, /root\.key is missing/);
    assert.deepEqual(
      serials(dir).map((serial, index) => serial === before[index]),
      [true, true, false],
    );
    assert.equal(await metric(watcher, 'certificate_renewal_failures_total{role="intermediate"}'), 1);
    assert.equal(await metric(watcher, 'certificate_renewals_total{role="leaf"}'), 1);
  });

  test('signs revocation lists when half their time is over', async (t) => {
    const dir = await authority(t);
    writeFileSync(join(dir, 'authority.json'), settingsFile({ crlUrl: 'http://localhost/crl' }).data);
    const lists = () => readFileSync(join(dir, 'revoked.json'), 'utf8');
    await new Watcher({ dir }).look();
    const first = lists();
    await new Watcher({ dir, now: () => later(DAY_MS) }).look();
    assert.equal(lists(), first);
    await new Watcher({ dir, now: () => later(4 * DAY_MS) }).look();
    assert.notEqual(lists(), first);
  });

  test('warns once of a root near its end', async (t) => {
    const dir = await authority(t);
    const lines: string[] = [];
    const watcher = new Watcher({ dir, now: () => later(3600 * DAY_MS), report: (line) => lines.push(line) });
    await watcher.look();
    await watcher.look();
    assert.equal(lines.filter((line) => line.includes('begin a rollover')).length, 1);
  });
});

test('a renewal, a failure and its recovery reach the edge, the report and the metrics', {
  skip: withoutHaproxy,
}, async (t) => {
  // Backdated, so that the leaf is also due by OpenSSL's clock.
  const longAgo = later(-5.1 * DAY_MS);
  const dir = join(temporaryDirectory(t), 'pki');
  await ensureChain({ dir, ...localNames, now: longAgo });
  const { port, edge } = await startTestEdge(t, dir);
  const served = async () => (await fetchServed({ host: '127.0.0.1', port }, loadTrust(dir))).chain[0]!.fingerprint256;
  const onDisk = () => loadLeaf(dir)!.certificate.fingerprint256;
  const lines: string[] = [];
  const watcher = new Watcher({ dir, intervalMs: 30, random: () => 0, report: (line) => lines.push(line) });
  const first = onDisk();
  watcher.start();
  t.after(() => watcher.stop());
  await until(() => onDisk() !== first);
  assert.equal(await served(), onDisk());
  assert.match(lines[0]!, /renewed leaf, valid until/);

  // Without its key the intermediate cannot sign: the leaf stays, and is tried again.
  const aged = await issueLeaf({ dir, ...localNames, out: join(dir, '..', 'aged.pem'), now: longAgo });
  renameSync(join(dir, 'intermediate.key'), join(dir, '..', 'intermediate.key'));
  writeFileAtomically(join(dir, 'leaf.pem'), aged.pem, 0o600);
  const second = onDisk();
  await until(() => lines.filter((line) => line.includes('intermediate.key is missing')).length >= 2);
  await until(async () => (await served()) === second);
  renameSync(join(dir, '..', 'intermediate.key'), join(dir, 'intermediate.key'));
  await until(() => lines.some((line) => line.includes('succeeds again')));
  assert.notEqual(onDisk(), second);
  assert.equal(await served(), onDisk());
  assert.equal(await metric(watcher, 'certificate_renewals_total{role="leaf"}'), 2);
  assert.ok((await metric(watcher, 'certificate_renewal_failures_total{role="leaf"}')) >= 2);

  const corrections = () => metric(watcher, 'certificate_edge_corrections_total');
  const before = await corrections();
  const other = await issueLeaf({ dir, ...localNames, out: join(dir, '..', 'other.pem') });
  await push(edge, other.pem);
  await until(async () => (await corrections()) === before + 1);
  assert.equal(await served(), onDisk());
  await watcher.stop();
});

test('stop waits for the running check, and nothing happens afterwards', async (t) => {
  const dir = await authority(t);
  const before = serials(dir);
  const looking = Promise.withResolvers<void>();
  const now = () => {
    looking.resolve();
    return later(5.1 * DAY_MS);
  };
  const watcher = new Watcher({ dir, intervalMs: 1, now });
  watcher.start();
  await looking.promise;
  await watcher.stop();
  assert.notEqual(serials(dir)[2], before[2]);
  assert.ok(!existsSync(join(dir, 'lock')));
  rmSync(join(dir, 'leaf.pem'));
  await rotate({ dir, role: 'leaf' }).catch(() => undefined);
  assert.ok(!existsSync(join(dir, 'leaf.pem')));
});

test('a removed directory is reported, and not made again', async (t) => {
  const dir = await authority(t);
  rmSync(dir, { recursive: true });
  assert.match((await new Watcher({ dir }).look())[0]!, /pki is missing/);
  assert.ok(!existsSync(dir));
});
