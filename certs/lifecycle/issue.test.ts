import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { settingsFile } from '../directory/settings.ts';
import { ensureChain, issueLeaf } from '../index.ts';
import { contents, DAY_MS, later, localNames, temporaryDirectory } from '../testing/fixtures.ts';

async function authority(t: TestContext) {
  const dir = temporaryDirectory(t);
  await ensureChain({ dir, ...localNames });
  return { dir, out: join(temporaryDirectory(t), 'redis.pem') };
}

const names = { dnsNames: ['redis.game.test'], ipAddresses: ['127.0.0.1'] };
const lifetimeOf = (summary: { notBefore: string; notAfter: string }) =>
  (Date.parse(summary.notAfter) + 1000 - Date.parse(summary.notBefore)) / DAY_MS;

describe('a further leaf', () => {
  test('is written with its intermediate and key in one file for its owner alone', async (t) => {
    const { dir, out } = await authority(t);
    const before = contents(dir);
    const leaf = await issueLeaf({ dir, ...names, out });
    assert.equal(readFileSync(out, 'utf8'), leaf.pem);
    assert.equal((statSync(out).mode & 0o777).toString(8), '600');
    const [certificate, issuer] = leaf.certificates
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .map((pem) => new X509Certificate(pem));
    assert.ok(certificate!.checkPrivateKey(createPrivateKey(leaf.key)));
    assert.equal(issuer!.toString(), readFileSync(join(dir, 'intermediate.pem'), 'utf8'));
    assert.deepEqual(leaf.summary.sans, ['redis.game.test', '127.0.0.1']);
    const { 'issued.json': ledger, ...others } = contents(dir);
    assert.deepEqual(others, before, 'the directory only records it');
    assert.equal((JSON.parse(ledger!) as { place: string }[])[0]!.place, out);
  });

  test('is kept with reuse as long as it is good, and issued again when it is not', async (t) => {
    const { dir, out } = await authority(t);
    const first = await issueLeaf({ dir, ...names, out });
    const again = () => issueLeaf({ dir, ...names, out, reuse: true });
    assert.deepEqual(await again(), { ...first, issued: false });
    assert.equal((await issueLeaf({ dir, ...names, out, reuse: true, now: later(6 * DAY_MS) })).issued, true);
    const wider = { ...names, dnsNames: ['redis.game.test', 'sentinel.game.test'] };
    assert.equal((await issueLeaf({ dir, ...wider, out, reuse: true })).issued, true);
  });

  test('never lives longer than its parent has left when it is renewed', async (t) => {
    const { dir, out } = await authority(t);
    const short = await issueLeaf({ dir, ...names, out, duration: 2 * DAY_MS });
    assert.equal(lifetimeOf(short.summary), 2);
    assert.equal(short.shortenedFrom, undefined);
    const long = await issueLeaf({ dir, ...names, out, duration: 20 * DAY_MS });
    assert.equal(lifetimeOf(long.summary), 7);
    assert.equal(long.shortenedFrom, 20 * DAY_MS);
    const { data } = settingsFile({ days: { root: 3650, intermediate: 180, leaf: 60 } });
    writeFileSync(join(dir, 'authority.json'), data);
    assert.equal(lifetimeOf((await issueLeaf({ dir, ...names, out, duration: 50 * DAY_MS })).summary), 30);
  });

  test('is refused for a name outside the constraints, and the file at its place stays', async (t) => {
    const { dir, out } = await authority(t);
    writeFileSync(out, 'kept');
    await assert.rejects(issueLeaf({ dir, dnsNames: ['bank.example'], ipAddresses: [], out }), {
      code: 'name_not_permitted',
    });
    assert.equal(readFileSync(out, 'utf8'), 'kept');
  });

  test('is refused from an intermediate that has expired, or is not there', async (t) => {
    const { dir, out } = await authority(t);
    await assert.rejects(issueLeaf({ dir, ...names, out, now: later(91 * DAY_MS) }), { code: 'expired' });
    await assert.rejects(issueLeaf({ dir: temporaryDirectory(t), ...names, out }), { code: 'incomplete' });
  });

  test('never takes the place of a file of the authority', async (t) => {
    const { dir } = await authority(t);
    const before = contents(dir);
    await assert.rejects(issueLeaf({ dir, ...names, out: join(dir, 'root.key') }), { code: 'exists' });
    assert.deepEqual(contents(dir), before);
  });

  test('that cannot be written is refused with the place and the fix', async (t) => {
    const { dir } = await authority(t);
    const out = join(dir, 'missing', 'leaf.pem');
    await assert.rejects(issueLeaf({ dir, ...names, out }), {
      message: /leaf\.pem cannot be written .*: check/,
    });
  });

  test('has the type of key asked for', async (t) => {
    const { dir, out } = await authority(t);
    const { key } = await issueLeaf({ dir, ...names, out, keyType: 'RSA-2048' });
    assert.equal(createPrivateKey(key).asymmetricKeyType, 'rsa');
  });
});
