import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { readServerCertificate } from '../edge/served-file.ts';
import { temporaryDirectory } from '../testing/fixtures.ts';
import { createRoot, issueIntermediate, issueLeaf } from './issuance.ts';
import { privateKeyPem } from './keys.ts';
import { parsePem, readPem } from './pem.ts';

const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
const names = { dnsNames: ['game.example'], ipAddresses: [] };

describe('a file of certificate, chain and key as HAProxy loads it', () => {
  let leaf: string;
  let intermediate: string;
  let key: string;
  before(async () => {
    const issue = { now: new Date() };
    const root = await createRoot(issue);
    const issuer = await issueIntermediate(root, names, issue);
    const own = await issueLeaf(issuer, names, { ...issue, keyType: 'RSA-2048' });
    [leaf, intermediate, key] = [String(own.certificate), String(issuer.certificate), privateKeyPem(own.key)];
  });
  const publicKey =
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
  const parameters = '-----BEGIN DH PARAMETERS-----\nMAYCAQcCAQI=\n-----END DH PARAMETERS-----\n';

  const forms: [string, () => string | Buffer][] = [
    ['a byte order mark', () => `\ufeff${leaf}${intermediate}${key}`],
    ['blanks at line ends', () => `${leaf}${intermediate}${key}`.replaceAll('\n', ' \t\n')],
    ['line ends of Windows', () => `${leaf}${intermediate}${key}`.replaceAll('\n', '\r\n')],
    ['empty lines', () => `\n\n${leaf}\n\n${intermediate}\n${key}\n\n`],
    ['DH parameters', () => leaf + intermediate + key + parameters],
    ['a public key', () => leaf + intermediate + publicKey + key],
    ['a repeated intermediate', () => leaf + intermediate + intermediate + key],
    [
      'text in another encoding',
      () => Buffer.concat([Buffer.from('Bag f\u00fcr\n', 'latin1'), Buffer.from(leaf + intermediate + key)]),
    ],
    ['another name of the label', () => leaf.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE') + intermediate + key],
    ['a key in the old form', () => leaf + intermediate + oldForm(key)],
  ];
  for (const [what, content] of forms) {
    test(`is read with ${what}, and served as leaf, intermediate and key`, (t) => {
      const path = join(temporaryDirectory(t), 'own.pem');
      writeFileSync(path, content());
      const { chain, pem } = readServerCertificate(path, 'game.example');
      assert.deepEqual(chain.map(String), [leaf, intermediate]);
      assert.equal(pem, leaf + intermediate + key);
    });
  }

  test('that is locked is called encrypted, in the old form too', (t) => {
    const plain = join(temporaryDirectory(t), 'key.pem');
    writeFileSync(plain, key);
    const old = openssl('rsa', '-in', plain, '-traditional', '-aes128', '-passout', 'pass:secret');
    const pkcs8 = openssl('pkcs8', '-topk8', '-in', plain, '-passout', 'pass:secret');
    for (const locked of [old, pkcs8]) {
      const path = join(temporaryDirectory(t), 'own.pem');
      writeFileSync(path, leaf + intermediate + locked);
      assert.deepEqual(readPem(path).keys, ['encrypted']);
      assert.throws(() => readServerCertificate(path, 'game.example'), { code: 'key_encrypted' });
    }
  });

  for (const [what, content] of [
    ['cut short', () => leaf.slice(0, 300)],
    ['without the begin of a block', () => leaf.slice(30) + key],
    ['joined without a line end', () => leaf.trimEnd() + intermediate],
    ['in UTF-16', () => Buffer.from(leaf, 'utf16le')],
    ['of other text', () => 'hello\n'],
  ] as [string, () => string | Buffer][]) {
    test(`${what} is refused as damaged`, (t) => {
      const path = join(temporaryDirectory(t), 'own.pem');
      writeFileSync(path, content());
      assert.throws(() => readPem(path), { code: 'corrupt', message: /own\.pem is damaged, or neither PEM nor DER/ });
    });
  }

  test('of parameters alone holds nothing', () => {
    assert.deepEqual(parsePem(parameters + publicKey), { certificates: [], keys: [] });
  });
});

function oldForm(key: string): string {
  return execFileSync('openssl', ['rsa', '-traditional'], { input: key, encoding: 'utf8', stdio: 'pipe' });
}
