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

test('an IP address among the DNS names is refused with the fix', () => {
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

for (const [asked, kept] of [
  ['KÜHL.example', 'xn--khl-hoa.example'],
  ['ku\u0308hl.example', 'xn--khl-hoa.example'],
  ['*.kühl.example', '*.xn--khl-hoa.example'],
  ['xn--KHL-hoa.example', 'xn--khl-hoa.example'],
] as const) {
  test(`"${asked}" becomes ${kept}`, () => assert.deepEqual(normalizeNames([asked], []).dnsNames, [kept]));
}

for (const [what, name] of [
  ['a soft hyphen', 'pay\u00addesk.example'],
  ['a superscript', 'a\u00b2.example'],
  ['letters of full width', '\uff41.example'],
  ['another full stop', 'a\u3002example'],
  ['a joiner', 'a\u200d.example'],
  ['a line feed', 'a.example\n'],
  ['a zero byte', 'a\u0000.example'],
  ['two wildcards', '*.*.example'],
  ['part of a label as wildcard', 'a*.example'],
  ['a number at its end', '127.1'],
  ['an address in digits of full width', '\uff11\uff12\uff17.0.0.1'],
  ['an empty xn-- label', 'xn--.example'],
] as const) {
  test(`a name with ${what} is refused: it would become another one`, () => {
    assert.throws(() => normalizeNames([name], []), { code: 'invalid_name' });
  });
}

test('a quoted value of a certificate is one name, whatever it holds', () => {
  const { dnsNames } = parseSubjectAltName('DNS:a.example, DNS:"x, DNS:bank.example, DNS:y\\u0000", DNS:b.example');
  assert.deepEqual(dnsNames.length, 3);
  assert.ok(!dnsNames.includes('bank.example'));
});
