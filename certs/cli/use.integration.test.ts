import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ensureChain } from '../index.ts';
import { atTerminal, authority, certs, certsWith, json, openssl } from '../testing/command-line.ts';
import { localNames, temporaryDirectory } from '../testing/fixtures.ts';

describe('export', () => {
  test('PKCS#12 opens with the passphrase in openssl, and holds key and chain', async (t) => {
    const { dir, at } = await authority(t);
    writeFileSync(at('pass'), 'open sesame\n');
    await json('issue', '--dir', dir, '--dns', 'localhost', '--out', at('leaf.pem'));
    const args = ['export', '--dir', dir, at('leaf.pem'), '--format', 'pkcs12', '--out', at('leaf.p12')];
    await json(...args, '--passphrase-file', at('pass'));
    const opened = openssl('pkcs12', '-in', at('leaf.p12'), '-passin', 'pass:open sesame', '-nodes');
    assert.equal(opened.match(/BEGIN CERTIFICATE/g)?.length, 2);
    const key = opened.slice(
      opened.indexOf('-----BEGIN PRIVATE KEY'),
      opened.indexOf('-----END PRIVATE KEY-----') + 26,
    );
    assert.ok(createPrivateKey(key).equals(createPrivateKey(readFileSync(at('leaf.pem')))));
    assert.throws(() => openssl('pkcs12', '-in', at('leaf.p12'), '-passin', 'pass:close sesame', '-nodes'));
    assert.equal((statSync(at('leaf.p12')).mode & 0o777).toString(8), '600');
  });

  test('PEM and DER hold certificates alone, and the bundle the roots', async (t) => {
    const { dir, at } = await authority(t);
    await json('issue', '--dir', dir, '--dns', 'localhost', '--out', at('leaf.pem'));
    for (const format of ['pem', 'der', 'bundle']) {
      await json('export', '--dir', dir, at('leaf.pem'), '--format', format, '--out', at(`out.${format}`));
    }
    assert.ok(!readFileSync(at('out.pem'), 'utf8').includes('PRIVATE'));
    const subject = openssl('x509', '-inform', 'DER', '-in', at('out.der'), '-noout', '-subject');
    assert.match(subject, /CN = localhost/);
    assert.equal(readFileSync(at('out.bundle'), 'utf8'), readFileSync(join(dir, 'root.pem'), 'utf8'));
  });
});

describe('verify and audit', () => {
  test('accept what the cluster made, and fail on another root, another name and another time', async (t) => {
    const dir = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    assert.equal((await certs('verify', '--dir', dir, '--name', 'game.test', '--name', '::1')).code, 0);
    assert.equal((await certs('audit', '--dir', dir)).code, 0, 'warnings exit 0');
    const codes = async (...args: string[]) => {
      const { code, stdout } = await certs('verify', '--dir', dir, '--json', ...args);
      assert.equal(code, 1);
      return (JSON.parse(stdout) as { findings: { code: string }[] }).findings.map((finding) => finding.code);
    };
    const { dir: other } = await authority(t);
    assert.deepEqual(await codes('--root', join(other, 'root.pem')), ['untrusted']);
    assert.deepEqual(await codes('--name', 'other.test'), ['name_not_covered']);
    assert.deepEqual(await codes('--at', '2000-01-01T00:00:00Z'), Array(3).fill('not_yet_valid'));
    assert.deepEqual(await codes('--require-crl'), ['no_crl', 'no_crl']);
  });

  test('name open key files, which fails the audit', async (t) => {
    const dir = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    execFileSync('chmod', ['644', join(dir, 'intermediate.key')]);
    const { code, stdout } = await certs('audit', '--dir', dir, '--json');
    assert.equal(code, 1);
    const findings = (JSON.parse(stdout) as { findings: { code: string; where: string }[] }).findings;
    assert.deepEqual(
      findings.filter((one) => one.code === 'open_key').map(({ where }) => where),
      [join(dir, 'intermediate.key')],
    );
  });
});

describe('revoke', () => {
  test('openssl with the lists refuses a revoked leaf and accepts another', async (t) => {
    const { dir, at } = await authority(t, '--crl-url', 'http://localhost/crl');
    for (const name of ['bad', 'good'])
      await json('issue', '--dir', dir, '--dns', 'localhost', '--out', at(`${name}.pem`));
    const { revocation } = await json<{ revocation: { reason: string } }>(
      ...['revoke', '--dir', dir, at('bad.pem'), '--reason', 'keyCompromise'],
    );
    assert.equal(revocation.reason, 'keyCompromise');
    const lists = readdirSync(dir).filter((name) => name.endsWith('.crl'));
    writeFileSync(
      at('lists.pem'),
      lists.map((name) => openssl('crl', '-inform', 'DER', '-in', join(dir, name))).join(''),
    );
    const verify = (name: string) =>
      openssl(
        ...['verify', '-x509_strict', '-crl_check_all', '-CRLfile', at('lists.pem'), '-no-CApath', '-no-CAstore'],
        ...['-CAfile', join(dir, 'root.pem'), '-untrusted', at(`${name}.pem`), at(`${name}.pem`)],
      );
    assert.match(verify('good'), /OK/);
    assert.throws(() => verify('bad'), /certificate revoked/);
    assert.equal((await certs('verify', '--dir', dir, at('bad.pem'))).code, 1);
    assert.ok(openssl('x509', '-in', at('good.pem'), '-noout', '-text').includes('URI:http://localhost/crl/'));
  });

  test('a root is refused, and so is a certificate that this authority did not sign', async (t) => {
    const { dir } = await authority(t);
    const other = await authority(t);
    assert.match((await certs('revoke', '--dir', dir, join(dir, 'root.pem'))).stderr, /rollover/);
    assert.match(
      (await certs('revoke', '--dir', dir, join(other.dir, 'intermediate.pem'))).stderr,
      /Neither .* has signed/,
    );
    assert.match((await certs('revoke', '--dir', dir, 'no-such-file')).stderr, /neither a file nor a serial number/);
  });
});

describe('trust and untrust', () => {
  test("install the root in a browser's database and remove it again", async (t) => {
    const { dir, at } = await authority(t);
    const flags = ['--dir', dir, '--store', 'nss', '--nss-database', at('nss')];
    const listed = () => execFileSync('certutil', ['-d', `sql:${at('nss')}`, '-L'], { encoding: 'utf8' });
    await json('trust', '--yes', ...flags);
    await json('trust', '--yes', ...flags);
    assert.equal(listed().match(/gridlock [0-9a-f]{16} +C,,/g)?.length, 1);
    await json('untrust', ...flags);
    assert.ok(!listed().includes('gridlock'));
  });

  test("install the root in Debian's store, where openssl finds it, and remove it again", async (t) => {
    if (!existsSync('/usr/sbin/update-ca-certificates')) return t.skip('this is not Debian');
    const { dir, at } = await authority(t);
    execFileSync('mkdir', [at('local'), at('etc')]);
    const flags = ['--dir', dir, '--store', 'system', '--debian-directory', at('local'), '--debian-etc', at('etc')];
    await json('issue', '--dir', dir, '--dns', 'localhost', '--out', at('leaf.pem'));
    const verify = () =>
      openssl(
        'verify',
        '-no-CAfile',
        '-no-CAstore',
        '-CApath',
        at('etc'),
        '-untrusted',
        at('leaf.pem'),
        at('leaf.pem'),
      );
    await json('trust', '--yes', ...flags);
    assert.match(verify(), /OK/);
    await json('untrust', ...flags);
    assert.throws(verify);
  });

  /** Runs a command with another home directory. */
  const inHome = (home: string, ...args: string[]) => certsWith({ HOME: home }, ...args);

  test('install the root for every browser of the user when no store is named, and remove it everywhere', async (t) => {
    const { dir, at } = await authority(t);
    const profiles = ['.mozilla/firefox/abc.default-release', 'snap/firefox/common/.mozilla/firefox/x.default'];
    const places = ['.pki/nssdb', ...profiles].map((place) => join(at('home'), place));
    for (const place of [...places.slice(1), at('local'), at('etc')]) execFileSync('mkdir', ['-p', place]);
    for (const place of places.slice(1)) execFileSync('certutil', ['-d', `sql:${place}`, '-N', '--empty-password']);
    const listed = (place: string) => execFileSync('certutil', ['-d', `sql:${place}`, '-L'], { encoding: 'utf8' });
    const flags = ['--dir', dir, '--debian-directory', at('local'), '--debian-etc', at('etc')];
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await inHome(at('home'), 'trust', '--yes', ...flags);
      assert.equal(code, 0, stderr);
      for (const place of [at('local'), ...places]) assert.ok(stdout.includes(`${place} trusts O=Gridlock`), stdout);
      // The second time there is nothing left to do, and so nothing to announce.
      assert.equal(/^ {2}certutil -d sql:.*nssdb -A -t C,,/m.test(stderr), time === 0, stderr);
      for (const place of places) assert.equal(listed(place).match(/gridlock [0-9a-f]{16} +C,,/g)?.length, 1);
    }
    assert.equal((await inHome(at('home'), 'untrust', ...flags)).code, 0);
    for (const place of places) assert.ok(!listed(place).includes('gridlock'));
    assert.deepEqual(readdirSync(at('local')), []);
  });

  test('ask first, and change nothing without a terminal', async (t) => {
    const { dir, at } = await authority(t);
    const flags = ['--dir', dir, '--store', 'nss', '--nss-database', at('nss')];
    const { code, stderr } = await certs('trust', ...flags);
    assert.equal(code, 2);
    assert.match(stderr, /^The root is O=Gridlock, CN=.*, valid until .*, SHA-256\n {2}[0-9A-F:]{95}\n/);
    assert.match(stderr, new RegExp(`certutil -d sql:${at('nss')} -A -t C,, -n "gridlock [0-9a-f]{16}"\n`));
    assert.match(stderr, /use --yes/);
    assert.ok(!existsSync(at('nss')));
  });

  test('change the store when the user answers yes, and nothing otherwise', async (t) => {
    if (process.platform !== 'linux') return t.skip('script takes other flags here');
    const { dir, at } = await authority(t);
    const flags = ['--dir', dir, '--store', 'nss', '--nss-database', at('nss')];
    const refused = await atTerminal('n', 'trust', ...flags);
    assert.match(refused.output, /Go on\? \[y\/N\][\s\S]*Nothing was changed\./);
    assert.deepEqual([refused.code, existsSync(at('nss'))], [2, false]);
    const done = await atTerminal('y', 'trust', ...flags);
    assert.deepEqual([done.code, existsSync(at('nss'))], [0, true], done.output);
    // There is nothing left to ask.
    const again = await atTerminal(undefined, 'trust', ...flags);
    assert.equal(again.code, 0);
    assert.doesNotMatch(again.output, /Go on/);
  });

  test('skip a store that cannot be changed, and say how to make it changeable', async (t) => {
    const { dir, at } = await authority(t);
    const flags = ['--dir', dir, '--debian-directory', at('missing'), '--debian-etc', at('etc')];
    const { code, stdout, stderr } = await inHome(at('home'), 'trust', '--yes', ...flags);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^Warning: curl, .* are skipped: .*missing is missing: install the package ca-certificates\.$/m,
    );
    assert.match(stdout, /nssdb trusts/);
    const bare = await certsWith({ HOME: at('home'), PATH: at('nowhere') }, 'trust', '--yes', ...flags);
    assert.equal(bare.code, 1);
    assert.match(bare.stderr, /skipped: certutil is missing: install the package libnss3-tools\./);
  });

  test('refuse a directory without a root', async (t) => {
    const { code, stderr } = await certs('trust', '--yes', '--dir', temporaryDirectory(t));
    assert.equal(code, 2);
    assert.match(stderr, /root\.pem is missing: name the --dir of an authority/);
  });
});
