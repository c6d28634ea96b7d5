import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers, normalizeNames, parseSubjectAltName } from './names.ts';

test('names are canonical: lower case, no trailing dot, IDN as ASCII, short addresses, no duplicates', () => {
  assert.deepEqual(
    normalizeNames(
      ['LocalHost', 'localhost.', 'Bücher.example', '*.game.test'],
      ['127.0.0.1', '0:0:0:0:0:0:0:1', '::1'],
    ),
    { dnsNames: ['localhost', 'xn--bcher-kva.example', '*.game.test'], ipAddresses: ['127.0.0.1', '::1'] },
  );
});

for (const name of ['', ' ', 'a b', 'a..b', '-a.test', 'a_b.test', 'https://x', 'x:443', 'a.*.test', 'x'.repeat(64)]) {
  test(`"${name}" is refused as a DNS name`, () => {
    assert.throws(() => normalizeNames([name], []), { name: 'CertificateError', code: 'invalid_name' });
  });
}

for (const address of ['', 'localhost', '256.1.1.1', '127.1', '::1%eth0', '[::1]', '10.0.0.0/8']) {
  test(`"${address}" is refused as an IP address`, () => {
    assert.throws(() => normalizeNames([], [address]), { name: 'CertificateError', code: 'invalid_name' });
  });
}

test('an IP address among the DNS names is refused with the mend', () => {
  assert.throws(() => normalizeNames(['127.0.0.1'], []), /list it with the IP addresses/);
});

test('a certificate for no name at all is refused', () => {
  assert.throws(() => normalizeNames([], []), { code: 'invalid_name' });
});

test('the long form of an IPv6 address in a certificate covers the short form asked for', () => {
  const have = parseSubjectAltName('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  assert.equal(covers(have, normalizeNames(['localhost'], ['::1'])), true);
  assert.equal(covers(have, normalizeNames(['localhost'], ['::2'])), false);
});
