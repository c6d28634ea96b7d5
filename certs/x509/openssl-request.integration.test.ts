import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openssl } from '../testing/command-line.ts';
import { temporaryDirectory } from '../testing/fixtures.ts';
import { describeRequest } from './certificate-request.ts';
import { keyTypeOf } from './keys.ts';
import { requestFromConfig } from './openssl-request.ts';

const body = (top: string, request: string, subject: string, extensions: string) =>
  `${top}\n[req]\n${request}\ndistinguished_name = dn\nreq_extensions = ext\n[dn]\n${subject}\n[ext]\n${extensions}\n`;
const simple = (subject: string, extensions = 'subjectAltName = DNS:shop.example') =>
  body('', 'prompt = no', subject, extensions);
const SAN = 'subjectAltName = DNS:shop.example';

/** Files that openssl accepts or refuses. Its result is the expected one. */
const configs: Record<string, string> = {
  'prompts with defaults': body(
    '',
    'default_bits = 2048',
    'countryName = Two letters, please\ncountryName_default = NL\ncountryName_min = 2\ncountryName_max = 2\ncommonName = Name\ncommonName_default = shop.example',
    SAN,
  ),
  'prompts without a default': body(
    '',
    '',
    'commonName = Name\norganizationName = Yours\norganizationName_default = X',
    SAN,
  ),
  'a variable of the top': body('company = Example BV', 'prompt = no', 'O = $company\nCN = shop.example', SAN),
  'a variable in braces': body(
    'zone = example',
    'prompt = no',
    'CN = shop.${zone}',
    'subjectAltName = DNS:api.${zone}',
  ),
  'a variable of a section': body('[names]\nzone = example', 'prompt = no', 'CN = shop.${names::zone}', SAN),
  'a variable that is not there': simple('CN = $nothing'),
  'the environment': simple('CN = ${ENV::GRIDLOCK_TEST_CN}', 'subjectAltName = DNS:${ENV::GRIDLOCK_TEST_CN}'),
  'the last of two values': simple(
    'CN = shop.example',
    'subjectAltName = DNS:old.example\nsubjectAltName = DNS:new.example',
  ),
  'a continued line': simple('CN = shop.example', 'subjectAltName = DNS:shop.example, \\\n  DNS:api.example'),
  'a comment after a value': simple('CN = shop.example # the shop', SAN),
  quotes: simple('CN = shop.example\nO = "Example # not a comment"'),
  'single quotes and escapes': simple("CN = shop.example\nO = 'Ex ample'\nOU = a\\#b"),
  'domain components': simple('0.DC = test\n1.DC = example\nCN = shop.example'),
  'an e-mail address': simple('CN = shop.example\nemailAddress = admin@example.test'),
  'two units': simple('0.OU = One\n1.OU = Two\nCN = shop.example'),
  'a critical extension': simple('CN = shop.example', 'subjectAltName = critical,DNS:shop.example'),
  'other kinds of name': simple(
    'CN = shop.example',
    'subjectAltName = DNS:shop.example,email:admin@example.test,URI:https://example.test/,IP:192.0.2.1,RID:1.2.3.4',
  ),
  'a list of names': `${simple('CN = shop.example', 'subjectAltName = @names')}[names]\nDNS.1 = a.example\nDNS.2 = b.example\nIP.1 = ::1\n`,
  'other extensions': simple('CN = shop.example', `${SAN}\nkeyUsage = digitalSignature\nextendedKeyUsage = serverAuth`),
  'UTF-8': body('', 'prompt = no\nutf8 = yes\nstring_mask = utf8only', 'CN = shop.example\nO = Größe', SAN),
  'names in Latin-1 of UTF-8': simple('CN = shop.example\nO = Größe'),
  attributes: `${body('', 'prompt = no\nattributes = more', 'CN = shop.example', SAN)}[more]\nchallengePassword = secret\n`,
  'line ends of Windows': simple('CN = shop.example').replaceAll('\n', '\r\n'),
  'no extensions': '[req]\nprompt = no\ndistinguished_name = dn\n[dn]\nCN = shop.example\n',
  'a long country': simple('C = Netherlands\nCN = shop.example'),
  'a long common name': simple(`CN = ${'x'.repeat(65)}`),
  'an unknown attribute': simple('nonsense = x\nCN = shop.example'),
  'an unknown extension': simple('CN = shop.example', 'nonsense = x'),
  'a section that is not there': '[req]\nprompt = no\ndistinguished_name = nothing\n',
  'a heading without its bracket': '[req\nprompt = no\n',
  'a line without a value': simple('CN = shop.example\nnonsense'),
  'an empty file': '',
};

describe('a configuration gives the request that openssl req makes of it:', () => {
  before(() => (process.env.GRIDLOCK_TEST_CN = 'environment.example'));
  after(() => delete process.env.GRIDLOCK_TEST_CN);

  for (const [what, config] of Object.entries(configs)) {
    test(what, async (t) => {
      const base = temporaryDirectory(t);
      const at = (name: string) => join(base, name);
      writeFileSync(at('r.cnf'), config);
      const asked = (path: string) =>
        openssl('req', '-in', path, '-noout', '-verify', '-text', '-nameopt', 'oneline,-esc_msb')
          .replace(/Subject Public Key Info:[\s\S]*?(?=\n {8}(?:Attributes|Requested))/, '')
          .replace(/Signature Value:[\s\S]*|Signature Algorithm:[\s\S]*/, '');
      let theirs: string | undefined;
      try {
        openssl(
          ...['req', '-new', '-batch', '-config', at('r.cnf'), '-newkey', 'rsa:2048', '-nodes'],
          ...['-keyout', at('k'), '-out', at('theirs.csr')],
        );
        theirs = asked(at('theirs.csr'));
      } catch {
        theirs = undefined;
      }
      let ours: string | undefined;
      try {
        const { request, privateKey } = await requestFromConfig({ config: at('r.cnf') });
        writeFileSync(at('ours.csr'), request);
        ours = asked(at('ours.csr'));
        assert.ok(keyTypeOf(privateKey));
      } catch (error) {
        assert.match((error as Error).message, /^openssl req refuses .*r\.cnf: .+\.$/);
      }
      assert.equal(ours, theirs);
    });
  }
});

describe('the key of a configuration is', () => {
  for (const [what, lines, type] of [
    ['P-256 by default', '', 'P-256'],
    ['what key_type says', 'key_type = P-384', 'P-384'],
    ['RSA of default_bits', 'default_bits = 3072', 'RSA-3072'],
    ['what a variable says', 'default_bits = $size', 'RSA-2048'],
  ] as const) {
    test(what, async (t) => {
      const config = join(temporaryDirectory(t), 'r.cnf');
      writeFileSync(config, body('size = 2048', `prompt = no\n${lines}`, 'CN = shop.example', SAN));
      const { request, privateKey } = await requestFromConfig({ config });
      const { modulusLength } = privateKey.asymmetricKeyDetails ?? {};
      assert.equal(keyTypeOf(privateKey) ?? `RSA-${modulusLength}`, type);
      assert.deepEqual((await describeRequest(request, 'r')).dnsNames, ['shop.example']);
    });
  }

  test('never a key that clients refuse', async (t) => {
    const config = join(temporaryDirectory(t), 'r.cnf');
    writeFileSync(config, body('', 'prompt = no\ndefault_bits = 1024', 'CN = shop.example', SAN));
    await assert.rejects(requestFromConfig({ config }), { code: 'invalid_key_type' });
  });
});

test('one sentence says that openssl is missing', (t) => {
  const base = temporaryDirectory(t);
  writeFileSync(join(base, 'r.cnf'), simple('CN = shop.example'));
  const code = `import { requestFromConfig } from ${JSON.stringify(new URL('./openssl-request.ts', import.meta.url).href)};
    await requestFromConfig({ config: ${JSON.stringify(join(base, 'r.cnf'))} }).catch((error) => console.log(error.code, error.message));`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', code];
  const said = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, PATH: base } });
  assert.match(said, /^tool_missing csr --config needs openssl.*install it, or use --dns/);
  assert.ok(existsSync('/bin/sh'));
});
