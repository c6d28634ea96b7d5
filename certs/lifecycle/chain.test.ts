import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CertificateError, type CertificateSummary, type Chain, ensureChain, type Role, readChain } from '../index.ts';
import { contents, DAY_MS, later, localNames, temporaryDirectory } from '../testing/fixtures.ts';

function summary(chain: Chain, role: Role): CertificateSummary {
  const found = chain.certificates.find((certificate) => certificate.role === role);
  assert.ok(found);
  return found;
}

const serials = (chain: Chain) => chain.certificates.map(({ serialNumber }) => serialNumber);

describe('a first chain', () => {
  test('is root, intermediate and leaf for the names asked for', async (t) => {
    const dir = temporaryDirectory(t);
    const chain = await ensureChain({ dir, ...localNames });
    assert.deepEqual(chain.changed, ['root', 'intermediate', 'leaf']);
    assert.deepEqual(
      chain.certificates.map(({ role }) => role),
      ['root', 'intermediate', 'leaf'],
    );
    assert.deepEqual(summary(chain, 'leaf').sans, [...localNames.dnsNames, ...localNames.ipAddresses]);
    assert.match(summary(chain, 'leaf').subject, /CN=localhost/);
  });

  test('has positive serial numbers of constant length, all different', async (t) => {
    const chain = await ensureChain({ dir: temporaryDirectory(t), ...localNames });
    for (const serial of serials(chain)) assert.match(serial, /^01[0-9A-F]{32}$/);
    assert.equal(new Set(serials(chain)).size, 3);
  });

  test('began some minutes ago and lasts ten years, ninety days and seven days', async (t) => {
    const now = new Date('2026-05-01T12:00:00Z');
    const chain = await ensureChain({ dir: temporaryDirectory(t), ...localNames, now });
    for (const { notBefore } of chain.certificates) assert.equal(notBefore, '2026-05-01T11:50:00.000Z');
    const days = chain.certificates.map((c) => (Date.parse(c.notAfter) + 1000 - Date.parse(c.notBefore)) / DAY_MS);
    assert.deepEqual(days, [3650, 90, 7]);
  });

  test('keeps private keys to the owner and lets everybody read the public certificates', async (t) => {
    const dir = join(temporaryDirectory(t), 'state', 'pki');
    await ensureChain({ dir, ...localNames });
    const mode = (name: string) => (statSync(join(dir, name)).mode & 0o777).toString(8);
    assert.deepEqual(['.', 'root.key', 'intermediate.key', 'leaf.pem', 'root.pem', 'intermediate.pem'].map(mode), [
      '700',
      '600',
      '600',
      '600',
      '644',
      '644',
    ]);
  });

  test('leaves nothing else in the directory', async (t) => {
    const dir = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    const expected = ['intermediate.key', 'intermediate.pem', 'leaf.pem', 'root.key', 'root.pem', 'roots.pem'];
    assert.deepEqual(Object.keys(contents(dir)), expected);
  });

  test('serves leaf, intermediate and PKCS#8 key in one file without blank lines', async (t) => {
    const { leafPath, intermediatePath } = await ensureChain({ dir: temporaryDirectory(t), ...localNames });
    const text = readFileSync(leafPath, 'utf8');
    const [leaf = '', intermediate, key = '', ...rest] = text.split(/(?<=-----END [A-Z ]+-----\n)/);
    assert.deepEqual(rest, []);
    assert.equal(intermediate, readFileSync(intermediatePath, 'utf8'));
    assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/);
    assert.ok(new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)));
    assert.ok(!text.includes('\n\n') && text.endsWith('-----\n'));
  });

  test('is made for IP addresses alone and for DNS names alone', async (t) => {
    const onlyIp = await ensureChain({
      dir: temporaryDirectory(t),
      dnsNames: [],
      ipAddresses: ['192.0.2.7'],
    });
    assert.deepEqual(summary(onlyIp, 'leaf').sans, ['192.0.2.7']);
    const onlyDns = await ensureChain({ dir: temporaryDirectory(t), dnsNames: ['a.test'], ipAddresses: [] });
    assert.deepEqual(summary(onlyDns, 'leaf').sans, ['a.test']);
  });

  test('is not begun when a name is not valid', async (t) => {
    const dir = join(temporaryDirectory(t), 'pki');
    await assert.rejects(ensureChain({ dir, dnsNames: ['a b'], ipAddresses: [] }), { code: 'invalid_name' });
    assert.throws(() => statSync(dir), { code: 'ENOENT' });
  });
});

describe('a chain that is there', () => {
  test('is used again as it is', async (t) => {
    const dir = temporaryDirectory(t);
    const first = await ensureChain({ dir, ...localNames });
    const before = contents(dir);
    const second = await ensureChain({ dir, ...localNames });
    assert.deepEqual(second, { ...first, changed: [] });
    assert.deepEqual(contents(dir), before);
  });

  test('is used again when fewer names are asked for', async (t) => {
    const dir = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    const chain = await ensureChain({ dir, dnsNames: ['LOCALHOST'], ipAddresses: ['0:0:0:0:0:0:0:1'] });
    assert.deepEqual(chain.changed, []);
  });

  test('is read as it was made, expired or not', async (t) => {
    const dir = temporaryDirectory(t);
    const made = await ensureChain({ dir, ...localNames, now: new Date('2001-01-01T00:00:00Z') });
    assert.deepEqual(readChain(dir), { ...made, changed: [] });
  });

  test('cannot be read before it is made', (t) => {
    assert.throws(
      () => readChain(temporaryDirectory(t)),
      (error: unknown) => {
        assert.ok(error instanceof CertificateError);
        assert.equal(error.code, 'incomplete');
        assert.match(error.message, /root\.pem is missing: start the cluster once/);
        return true;
      },
    );
  });
});

describe('renewal', () => {
  const steps: [string, number, Role[]][] = [
    ['nothing after four and a half days', 4.5 * DAY_MS, []],
    ['the leaf after two thirds of its seven days', 4.7 * DAY_MS, ['leaf']],
    ['the leaf after it has expired', 30 * DAY_MS, ['leaf']],
    ['the leaf alone while a leaf lifetime is left of the intermediate', 82 * DAY_MS, ['leaf']],
    ['intermediate and leaf once less is left', 84 * DAY_MS, ['intermediate', 'leaf']],
    ['intermediate and leaf after both have expired', 400 * DAY_MS, ['intermediate', 'leaf']],
  ];
  for (const [what, age, changed] of steps) {
    test(`makes ${what}`, async (t) => {
      const dir = temporaryDirectory(t);
      const first = await ensureChain({ dir, ...localNames });
      const now = later(age);
      const renewed = await ensureChain({ dir, ...localNames, now });
      assert.deepEqual(renewed.changed, changed);
      const kept = first.certificates.filter(({ role }) => !changed.includes(role));
      for (const { role, serialNumber } of kept) assert.equal(summary(renewed, role).serialNumber, serialNumber);
      for (const role of changed) {
        assert.notEqual(summary(renewed, role).serialNumber, summary(first, role).serialNumber);
        assert.ok(new Date(summary(renewed, role).notAfter) > now);
      }
      assert.deepEqual((await ensureChain({ dir, ...localNames, now })).changed, []);
    });
  }

  test('makes a new leaf for a name below a permitted one', async (t) => {
    const dir = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    const chain = await ensureChain({ dir, dnsNames: ['eu.game.test'], ipAddresses: [] });
    assert.deepEqual(chain.changed, ['leaf']);
  });

  for (const names of [
    { dnsNames: ['localhost', 'other.test'], ipAddresses: [] },
    { dnsNames: ['localhost'], ipAddresses: ['192.0.2.1'] },
    { dnsNames: ['localhost'], ipAddresses: ['2001:db8::1'] },
  ]) {
    const title = [...names.dnsNames, ...names.ipAddresses].join(' and ');
    test(`makes a new intermediate to permit ${title}`, async (t) => {
      const dir = temporaryDirectory(t);
      await ensureChain({ dir, ...localNames });
      const chain = await ensureChain({ dir, ...names });
      assert.deepEqual(chain.changed, ['intermediate', 'leaf']);
      assert.deepEqual(summary(chain, 'leaf').sans, [...names.dnsNames, ...names.ipAddresses]);
    });
  }

  const missing: [string[], Role[]][] = [
    [['leaf.pem'], ['leaf']],
    [['intermediate.pem'], ['intermediate', 'leaf']],
    [
      ['intermediate.key', 'leaf.pem'],
      ['intermediate', 'leaf'],
    ],
    [['root.key', 'leaf.pem'], ['leaf']],
    [['root.key'], []],
  ];
  for (const [files, changed] of missing) {
    test(`without ${files.join(' and ')} makes ${changed.join(' and ') || 'nothing'}`, async (t) => {
      const dir = temporaryDirectory(t);
      await ensureChain({ dir, ...localNames });
      for (const file of files) rmSync(join(dir, file));
      assert.deepEqual((await ensureChain({ dir, ...localNames })).changed, changed);
    });
  }

  test('never makes anything that outlives the root', async (t) => {
    const dir = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    const now = later(3645 * DAY_MS);
    const chain = await ensureChain({ dir, ...localNames, now });
    assert.deepEqual(chain.changed, ['intermediate', 'leaf']);
    assert.equal(summary(chain, 'leaf').notAfter, summary(chain, 'root').notAfter);
    assert.deepEqual((await ensureChain({ dir, ...localNames, now })).changed, []);
  });
});
