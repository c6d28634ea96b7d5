import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureChain, issueLeaf } from '../index.ts';
import { readServerCertificate } from './served-file.ts';

const HOST = 'game.example';
const DAY_MS = 24 * 60 * 60 * 1000;

describe('a certificate of the user’s own', () => {
  let directory: string;
  let good: string;
  let stranger: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gridlock-own-'));
    const dir = join(directory, 'pki');
    await ensureChain({ dir, dnsNames: [HOST], ipAddresses: ['192.0.2.1'] });
    const out = join(directory, 'good.pem');
    await issueLeaf({ dir, dnsNames: [HOST], ipAddresses: ['192.0.2.1'], out });
    good = readFileSync(out, 'utf8');
    const other = join(directory, 'other');
    await ensureChain({ dir: other, dnsNames: [HOST], ipAddresses: [] });
    stranger = readFileSync(join(other, 'intermediate.pem'), 'utf8');
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const blocks = () => good.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g)! as [string, string, string];
  const read = (text: string, host = HOST, now?: Date) => {
    const path = join(directory, 'own.pem');
    writeFileSync(path, text);
    return readServerCertificate(path, host, now);
  };

  test('is taken with its chain and key, wherever in the file the key is', () => {
    const [leaf, intermediate, key] = blocks();
    for (const text of [leaf + intermediate + key, key + leaf + intermediate]) {
      const { chain, pem } = read(text);
      assert.equal(chain.length, 2);
      assert.equal(pem, good);
    }
    assert.equal(read(good, '192.0.2.1').chain.length, 2);
  });

  test('may be signed by itself', () => {
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(directory, name)) as [string, string];
    const made = ['-keyout', key, '-out', cert, '-subj', '/CN=x', '-addext', `subjectAltName=DNS:${HOST}`];
    const plain = ['-addext', 'basicConstraints=critical,CA:false'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...made, ...plain], { stdio: 'ignore' });
    assert.equal(read(readFileSync(cert, 'utf8') + readFileSync(key, 'utf8')).chain.length, 1);
  });

  const faults: [string, () => unknown, RegExp][] = [
    ['is not PEM', () => read('nonsense'), /own\.pem is damaged, or neither PEM nor DER .*: put back your copy\.$/],
    ['has no certificate', () => read(blocks()[2]), /own\.pem holds no certificate: it has to hold/],
    ['has no key', () => read(blocks()[0] + blocks()[1]), /own\.pem holds no private key: /],
    ['has two keys', () => read(good + blocks()[2]), /own\.pem holds more than one private key: /],
    ['has the key of another', () => read(otherKey(blocks())), /holds a key of another certificate than its first: /],
    ['is a broken chain', () => read(blocks()[0] + stranger + blocks()[2]), /certificate 2 did not sign the one/],
    ['is for another host', () => read(good, 'other.example'), /is for DNS:game\.example.*, not for other\.example: /],
    ['has expired', () => read(good, HOST, new Date(Date.now() + 30 * DAY_MS)), /own\.pem expired at .*: renew it\.$/],
    [
      'is not valid yet',
      () => read(good, HOST, new Date(Date.now() - 30 * DAY_MS)),
      /is valid only from .*: check the clock/,
    ],
    ['is missing', () => readServerCertificate(join(directory, 'no.pem'), HOST), /no\.pem cannot be read .*: check/],
  ];
  for (const [what, attempt, message] of faults) {
    test(`that ${what} is refused in one sentence with the file and the fix`, () => {
      assert.throws(attempt, { name: 'CertificateError', message });
    });
  }
});

function otherKey([leaf, intermediate]: readonly [string, string, string]): string {
  const key = execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']);
  return leaf + intermediate + String(key);
}
