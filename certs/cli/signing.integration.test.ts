import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { authority, certs, json, openssl } from '../testing/command-line.ts';
import { contents, temporaryDirectory } from '../testing/fixtures.ts';

test('a command prints its help, or a refusal as text or JSON, with the exit code that belongs to it', async () => {
  const help = await certs('issue', '--help');
  assert.deepEqual([help.code, help.stderr], [0, '']);
  assert.match(help.stdout, /^Usage: gridlock certs issue \[options\]\n.*--dir .*--json .*Exit code: 0 /s);
  const refusal = 'Unknown option \'--nonsense\'. See "gridlock certs issue --help".';
  const text = await certs('issue', '--nonsense');
  assert.deepEqual(text, { code: 2, stdout: '', stderr: `${refusal}\n` });
  const { code, stdout, stderr } = await certs('issue', '--nonsense', '--json');
  assert.deepEqual([code, stderr], [2, '']);
  assert.deepEqual(JSON.parse(stdout), { error: { code: 'invalid_usage', message: refusal } });
});

describe('init', () => {
  test('makes root and intermediate and nothing else, and refuses to write over them', async (t) => {
    const { dir } = await authority(t);
    const before = contents(dir);
    assert.deepEqual(Object.keys(before).sort(), [
      'intermediate.key',
      'intermediate.pem',
      'root.key',
      'root.pem',
      'roots.pem',
    ]);
    const again = await certs('init', '--dir', dir);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /already holds an authority/);
    assert.deepEqual(contents(dir), before);
  });

  test('encrypts the root key with the passphrase, and warns when there is none', async (t) => {
    const base = temporaryDirectory(t);
    const pass = join(base, 'pass');
    writeFileSync(pass, 'open sesame\n');
    const closed = await certs('init', '--dir', join(base, 'closed'), '--passphrase-file', pass);
    assert.equal(closed.stderr, '');
    const key = readFileSync(join(base, 'closed/root.key'), 'utf8');
    assert.match(key, /BEGIN ENCRYPTED PRIVATE KEY/);
    assert.ok(createPrivateKey({ key, passphrase: 'open sesame' }));
    const open = await certs('init', '--dir', join(base, 'open'), '--json');
    assert.match((JSON.parse(open.stdout) as { warnings: string[] }).warnings[0]!, /root's key is not encrypted/);
  });

  for (const [type, text] of [
    ['P-384', 'ASN1 OID: secp384r1'],
    ['RSA-2048', 'Public-Key: (2048 bit)'],
    ['RSA-4096', 'Public-Key: (4096 bit)'],
    ['Ed25519', 'ED25519 Public-Key'],
  ] as const) {
    test(`makes a chain of ${type} keys that openssl accepts strictly`, async (t) => {
      const { dir, at } = await authority(t, '--key-type', type);
      await json('issue', '--dir', dir, '--dns', 'localhost', '--out', at('leaf.pem'));
      for (const file of [join(dir, 'root.pem'), join(dir, 'intermediate.pem'), at('leaf.pem')]) {
        assert.ok(openssl('x509', '-in', file, '-noout', '-text').includes(text), file);
      }
      const trust = ['-no-CApath', '-no-CAstore', '-CAfile', join(dir, 'root.pem')];
      assert.match(openssl('verify', '-x509_strict', ...trust, '-untrusted', at('leaf.pem'), at('leaf.pem')), /OK/);
    });
  }
});

describe('csr and sign', () => {
  const config = `
[req]
distinguished_name = subject
req_extensions = extensions
default_bits = 2048
prompt = no
[subject]
CN = a.localhost
O = Somebody
[extensions]
subjectAltName = @names
[names]
DNS.1 = a.localhost
DNS.2 = b.localhost   # a comment
IP.1 = 127.0.0.1
`;

  test('a request from a configuration of openssl asks for the same as the one openssl makes', async (t) => {
    const base = temporaryDirectory(t);
    const at = (name: string) => join(base, name);
    writeFileSync(at('req.cnf'), config);
    await json('csr', '--config', at('req.cnf'), '--out', at('ours.csr'), '--key-out', at('ours.key'));
    openssl('req', '-new', '-nodes', '-config', at('req.cnf'), '-keyout', at('theirs.key'), '-out', at('theirs.csr'));
    const asked = (file: string) =>
      openssl('req', '-in', file, '-noout', '-verify', '-text').match(/Subject: .*|Public-Key: .*|DNS:.*/g);
    assert.deepEqual(asked(at('ours.csr')), asked(at('theirs.csr')));
    assert.equal((statSync(at('ours.key')).mode & 0o777).toString(8), '600');
  });

  test('a request of openssl is signed for its names and its key, and for nothing else in it', async (t) => {
    const { dir, at } = await authority(t);
    openssl(
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key.pem')],
      ...['-subj', '/O=Bank/CN=bank.example', '-addext', 'subjectAltName=DNS:a.localhost,IP:127.0.0.1,email:a@b.c'],
      ...['-addext', 'extendedKeyUsage=clientAuth', '-out', at('request.csr')],
    );
    const signed = await json<{ dropped: string[]; certificate: { sans: string[]; subject: string } }>(
      ...['sign', '--dir', dir, at('request.csr'), '--out', at('signed.pem')],
    );
    assert.deepEqual(signed.certificate.sans, ['a.localhost', '127.0.0.1']);
    assert.equal(signed.certificate.subject, 'O=Gridlock, CN=a.localhost');
    assert.match(signed.dropped.join(), /1 alternative names.*extended key usage/);
    const text = openssl('x509', '-in', at('signed.pem'), '-noout', '-text');
    assert.ok(!text.includes('bank') && !text.includes('Client Authentication'));
    const verified = await certs(
      'verify',
      '--dir',
      dir,
      at('signed.pem'),
      '--key-file',
      at('key.pem'),
      '--name',
      'a.localhost',
    );
    assert.equal(verified.code, 0, verified.stdout);
  });

  const request = (at: (name: string) => string, ...args: string[]) => {
    openssl('req', '-new', '-nodes', '-keyout', at('key.pem'), '-subj', '/CN=x', '-out', at('bad.csr'), ...args);
  };
  for (const [what, args, message] of [
    ['no names', ['-newkey', 'rsa:2048'], /names no server: add subjectAltName/],
    [
      'a name outside the constraints',
      ['-newkey', 'rsa:2048', '-addext', 'subjectAltName=DNS:bank.example'],
      /may not sign for bank\.example/,
    ],
    [
      'a demand to be an authority',
      ['-newkey', 'rsa:2048', '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=CA:TRUE'],
      /asks to become an authority/,
    ],
    [
      'a short key',
      ['-newkey', 'rsa:1024', '-addext', 'subjectAltName=DNS:localhost'],
      /RSA-1024 key, which clients do not accept/,
    ],
  ] as const) {
    test(`a request with ${what} is refused`, async (t) => {
      const { dir, at } = await authority(t);
      request(at, ...args);
      const { code, stderr } = await certs('sign', '--dir', dir, at('bad.csr'), '--out', at('out.pem'));
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.ok(!existsSync(at('out.pem')));
    });
  }

  test('a request whose signature is not by its key is refused', async (t) => {
    const { dir, at } = await authority(t);
    request(at, '-newkey', 'rsa:2048', '-addext', 'subjectAltName=DNS:localhost');
    const der = Buffer.from(readFileSync(at('bad.csr'), 'utf8').replaceAll(/-----.*-----|\n/g, ''), 'base64');
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    const lines = der.toString('base64').match(/.{1,64}/g)!;
    writeFileSync(
      at('bad.csr'),
      ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n'),
    );
    const { code, stderr } = await certs('sign', '--dir', dir, at('bad.csr'), '--out', at('out.pem'));
    assert.equal(code, 2);
    assert.match(stderr, /not signed by the key in it/);
  });
});
