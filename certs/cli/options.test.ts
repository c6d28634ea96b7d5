import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { readSettings } from '../directory/settings.ts';
import { ensureChain } from '../index.ts';
import { run } from '../testing/command-line.ts';
import { DAY_MS, temporaryDirectory } from '../testing/fixtures.ts';
import commands from './certs.ts';

/** The JSON that a command prints. The command has to succeed. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json');
  assert.deepEqual([code, stderr], [0, ''], stdout);
  return JSON.parse(stdout);
}

async function authority(t: TestContext, ...flags: string[]) {
  const base = temporaryDirectory(t);
  const at = (name: string) => join(base, name);
  await json('init', '--dir', at('pki'), ...flags);
  return { dir: ['--dir', at('pki')], at };
}

async function refusal(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json');
  assert.deepEqual([code, stderr], [2, ''], args.join(' '));
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
  assert.deepEqual(await run(...args), { code: 2, stdout: '', stderr: `${error.message}\n` });
  return error;
}

const NAMES = commands.commands.map((each) => each.name());

describe('wrong usage', () => {
  test('every command has help that names its flags and the exit codes, and refuses unknown flags', async () => {
    const { stdout } = await run('--help');
    for (const name of NAMES) {
      assert.match(stdout, new RegExp(`^  ${name} +\\S`, 'm'));
      const help = await run(name, '--help');
      assert.deepEqual([help.code, help.stderr], [0, ''], name);
      assert.match(help.stdout, new RegExp(`^Usage: gridlock certs ${name} .*--dir .*--json .*Exit code: 0 `, 's'));
      const { code, message } = await refusal(name, '--nonsense');
      assert.deepEqual(
        [code, message],
        ['invalid_usage', `Unknown option '--nonsense'. See "gridlock certs ${name} --help".`],
      );
    }
  });

  test('a missing or unknown command is refused with the list of commands', async () => {
    assert.match(
      (await refusal('isue')).message,
      /^Unknown command 'isue'\. Did you mean issue\? See "gridlock certs --help"\.$/,
    );
    const { code, stdout, stderr } = await run();
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^Say which: init, csr, .*acme\. See "gridlock certs --help"\.\n$/);
  });

  for (const [args, message] of [
    [['issue'], /^Required option '--out <file>' not specified\. See "gridlock certs issue --help"\.$/],
    [['sign', '--out', 'x'], /^Missing required argument 'request'\./],
    [['issue', '--out', 'x', '--days', '0'], /'--days <days>' argument '0' is invalid\. Allowed: a number of days/],
    [['watch', '--interval', '0'], /'--interval <seconds>' argument '0' is invalid\. Allowed: .* at least 0\.1/],
    [['verify', '--at', 'soon'], /'--at <time>' argument 'soon' is invalid\. Allowed: a time/],
    [['export', '--out', 'x', '--format', 'jks'], /'jks' is invalid\. Allowed: pem, der, pkcs12, bundle\./],
    [['export', '--out', 'x', '--format', 'pkcs12'], /holds the key: give --passphrase-file/],
    [['revoke', '--reason', 'none', 'x'], /'none' is invalid\. Allowed: unspecified, keyCompromise/],
    [['rotate', 'root'], /'root' is invalid .*Allowed: leaf, intermediate\./],
    [['rollover', 'undo'], /'undo' is invalid .*Allowed: accept, issue, retire, status\./],
    [['trust', '--store', 'mozilla'], /'mozilla' is invalid\. Allowed: system, nss\./],
    [['csr', '--out', 'x', '--key-out', 'y', '--subject', 'me'], /'me' is invalid\. Allowed: a subject such as/],
    [
      ['csr', '--out', 'x', '--key-out', 'y', '--reqexts', 'v3'],
      /^--reqexts names a section of --config: give both\.$/,
    ],
    [['audit', '--endpoint', 'a:b:c'], /^"a:b:c" is not an endpoint/],
    [['acme', '--out', 'x', '--challenge', 'dns-02'], /'dns-02' is invalid\. Allowed: http-01, dns-01, tls-alpn-01\./],
    [['acme', '--out', 'x', '--challenge', 'dns-01'], /^dns-01 needs --dns-set, or --rfc2136\./],
    [['acme', '--out', 'x', '--challenge', 'dns-01', '--rfc2136', 'ns.example'], /^dns-01 needs --tsig-name\./],
    [['acme', '--out', 'x', '--challenge', 'tls-alpn-01'], /^Nothing hands tls-alpn-01 challenges on/],
    [['acme', '--out', 'x', '--edge-certificate', 'y'], /^--edge-certificate needs an edge/],
  ] as const) {
    test(args.join(' '), async (t) => {
      const error = await refusal(...args, '--dir', join(temporaryDirectory(t), 'pki'));
      assert.equal(error.code, 'invalid_usage');
      assert.match(error.message, message);
    });
  }

  test('an unknown type of key has its own error code', async () => {
    for (const args of [
      ['init'],
      ['rotate', 'leaf'],
      ['rollover', 'accept'],
      ['issue', '--out', 'x'],
      ['acme', '--out', 'x'],
    ])
      assert.equal((await refusal(...args, '--key-type', 'DSA')).code, 'invalid_key_type');
  });
});

describe('the options of', () => {
  test('init', async (t) => {
    const days = ['--root-days', '100', '--intermediate-days', '10', '--leaf-days', '0.5'];
    const { dir, at } = await authority(
      t,
      '--key-type',
      'p384',
      '--crl-url',
      'http://a.test/crl',
      '--dns',
      'a.test',
      ...days,
    );
    assert.deepEqual(readSettings(at('pki')), {
      keyType: 'P-384',
      crlUrl: 'http://a.test/crl',
      days: { root: 100, intermediate: 10, leaf: 0.5 },
    });
    const error = await refusal('issue', ...dir, '--dns', 'b.test', '--out', at('leaf.pem'));
    assert.equal(error.code, 'name_not_permitted');
  });

  test('issue, show and verify', async (t) => {
    const { dir, at } = await authority(t);
    const names = ['--dns', 'localhost', '--dns', 'a.localhost', '--ip', '127.0.0.1'];
    const args = ['issue', ...dir, ...names, '--out', at('leaf.pem'), '--key-type', 'P-384', '--days', '2'];
    assert.equal((await json(...args)).issued, true);
    assert.equal((await json(...args, '--reuse')).issued, false);
    const { certificates } = await json('show', at('leaf.pem'));
    const [{ key, dnsNames, ipAddresses, notBefore, notAfter }] = certificates;
    assert.deepEqual([key, dnsNames, ipAddresses], ['P-384', ['localhost', 'a.localhost'], ['127.0.0.1']]);
    const lifetime = Date.parse(notAfter) - Date.parse(notBefore);
    assert.ok(Math.abs(lifetime - 2 * DAY_MS) < 1500, String(lifetime));
    assert.match((await json(...args, '--days', '90')).warnings[0], /^90 days are more than this authority allows/);
    assert.equal((await run('verify', ...dir, at('leaf.pem'), '--name', 'a.localhost', '--at', notAfter)).code, 0);
  });

  test('csr and sign', async (t) => {
    const { dir, at } = await authority(t);
    writeFileSync(at('pass'), 'open sesame\n');
    const files = ['--out', at('a.csr'), '--key-out', at('a.key'), '--passphrase-file', at('pass')];
    const asked = await json('csr', ...dir, '--dns', 'localhost', '--ip', '::1', '--subject', '/O=X/CN=y', ...files);
    assert.deepEqual([asked.dnsNames, asked.ipAddresses, asked.keyOut], [['localhost'], ['::1'], at('a.key')]);
    assert.match(readFileSync(at('a.key'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/);
    const { certificate } = await json('sign', ...dir, at('a.csr'), '--days', '1', '--out', at('signed.pem'));
    assert.deepEqual(certificate.sans, ['localhost', '::1']);
    assert.ok(Date.parse(certificate.notAfter) < Date.now() + DAY_MS);
  });

  test('export', async (t) => {
    const { dir, at } = await authority(t);
    await json('export', ...dir, '--format', 'bundle', '--out', at('roots.pem'));
    assert.equal(readFileSync(at('roots.pem'), 'utf8'), readFileSync(at('pki/roots.pem'), 'utf8'));
    const { consumers } = await json('rollover', 'status', ...dir);
    assert.deepEqual(consumers, [{ kind: 'file', place: at('roots.pem'), needs: [] }]);
  });

  test('rotate, revoke, crl and watch', async (t) => {
    const base = temporaryDirectory(t);
    writeFileSync(join(base, 'pass'), 'open sesame\n');
    const pass = ['--passphrase-file', join(base, 'pass')];
    const { dir, at } = await authority(t, ...pass);
    await ensureChain({ dir: at('pki'), dnsNames: ['localhost'], ipAddresses: [] });
    assert.equal((await refusal('rotate', 'intermediate', ...dir)).code, 'key_encrypted');
    const { certificates, edge } = await json('rotate', 'intermediate', ...dir, ...pass, '--key-type', 'RSA-2048');
    assert.equal(edge, 'none');
    assert.deepEqual(
      certificates.map(({ role }: { role: string }) => role),
      ['intermediate', 'leaf'],
    );
    assert.match((await run('show', at('pki/intermediate.pem'))).stdout, /^key +RSA-2048/m);
    const { revocation } = await json('revoke', ...dir, 'ABCDEF', '--reason', 'superseded');
    assert.deepEqual([revocation.serialNumber, revocation.reason], ['ABCDEF', 'superseded']);
    assert.equal((await json('crl', ...dir, ...pass)).lists.length, 2);
    assert.deepEqual(await json('watch', ...dir, '--once', ...pass), { done: [], failed: [] });
  });

  test('rollover', async (t) => {
    const crossed = await authority(t);
    const accepted = await json('rollover', 'accept', ...crossed.dir, '--cross-sign', '--key-type', 'P-384');
    assert.deepEqual([accepted.phase, accepted.crossSigned, accepted.trusted.length], ['accepted', true, 2]);
    assert.match((await run('show', crossed.at('pki/next-root.pem'))).stdout, /^key +P-384/m);

    const { dir, at } = await authority(t);
    await json('issue', ...dir, '--dns', 'localhost', '--out', at('leaf.pem'));
    assert.equal((await json('rollover', 'accept', ...dir)).crossSigned, false);
    const nobody = await refusal('rollover', 'issue', ...dir);
    assert.deepEqual([nobody.code, /--distributed/.test(nobody.message)], ['rollover_refused', true]);
    assert.equal((await json('rollover', 'issue', ...dir, '--distributed')).phase, 'issued');
    const needed = await refusal('rollover', 'retire', ...dir);
    assert.deepEqual([needed.code, /--force/.test(needed.message)], ['rollover_refused', true]);
    assert.equal((await json('rollover', 'retire', ...dir, '--force')).trusted.length, 1);
  });

  test('audit', async (t) => {
    const { dir, at } = await authority(t);
    await json('issue', ...dir, '--dns', 'localhost', '--out', at('leaf.pem'));
    const { checked } = await json('audit', at('leaf.pem'), '--root', at('pki/root.pem'), ...dir);
    assert.deepEqual(checked.sort(), [at('leaf.pem'), at('pki')].sort());
  });
});
