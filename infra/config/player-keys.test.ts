import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readApiKeys, readOperatorKeys } from './api-keys.ts';
import { ConfigError, readConfig, stackConfig } from './config.ts';
import { readJwtKeys } from './jwt-keys.ts';
import { localOrigins, publicOrigins } from './origin.ts';
import { replicaSettings } from './replica-environment.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-players-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const read = (yaml: string, ...args: string[]) => {
  writeFileSync(path.join(directory, 'Pulumi.dev.yaml'), yaml);
  return readConfig({ args, directory });
};
const refused = (sentence: RegExp) => (error: unknown) => error instanceof ConfigError && sentence.test(error.message);
const ORIGINS = ['https://app.example', 'http://localhost:3000'];

test('other origins are a list in the file, JSON or commas as text, and a flag each on the command line', () => {
  for (const yaml of [JSON.stringify(ORIGINS), `'${JSON.stringify(ORIGINS)}'`, ORIGINS.join(', ')]) {
    assert.deepEqual(read(`config:\n  allowedOrigins: ${yaml}\n`).allowedOrigins, ORIGINS, yaml);
  }
  const flags = ORIGINS.map((origin) => `--allowed-origin=${origin}`);
  assert.deepEqual(read('config:\n  allowedOrigins: [https://file.example]\n', ...flags).allowedOrigins, ORIGINS);
  assert.deepEqual(read('').allowedOrigins, []);
});

for (const origin of [
  'app.example',
  'https://app.example/',
  'https://app.example/x',
  '*',
  'null',
  'ftp://app.example',
  'https://APP.example',
]) {
  test(`${origin} is refused, because it is not an origin`, () => {
    assert.throws(() => read('', '--allowed-origin', origin), refused(/origins such as https:\/\/app\.example/));
  });
}

test('other origins come after our own, each once', () => {
  const { allowedOrigins } = read(
    '',
    '--allowed-origin=https://app.example',
    '--allowed-origin=https://localhost:8443',
  );
  const address = { host: 'localhost', port: 8443, allowedOrigins };
  const own = ['https://localhost:8443', 'https://127.0.0.1:8443', 'https://[::1]:8443'];
  assert.deepEqual(publicOrigins(address), [...own, 'https://app.example']);
  assert.deepEqual(localOrigins(address), [...own, 'https://app.example']);
});

const ISSUER = ['--jwt-issuer=https://id.example/', '--jwt-audience=game'];

test('an issuer reaches a replica with all its settings', () => {
  const config = read('', ...ISSUER, '--jwt-jwks-url=https://id.example/keys', '--guests=false', '--jwt-id-claim=uid');
  const { GUESTS, JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL, JWT_NAME_CLAIM, JWT_ID_CLAIM } = replicaSettings(
    config,
  ) as Record<string, string>;
  assert.deepEqual(
    [GUESTS, JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL, JWT_NAME_CLAIM, JWT_ID_CLAIM],
    ['off', 'https://id.example/', 'game', 'https://id.example/keys', 'name', 'uid'],
  );
  assert.equal('JWT_ISSUER' in replicaSettings(read('')), false);
});

for (const [what, args, sentence] of [
  ['an audience without an issuer', ['--jwt-audience=game'], /jwtAudience needs jwtIssuer .*--jwt-audience/],
  ['a claim without an issuer', ['--jwt-name-claim=nick'], /jwtNameClaim needs jwtIssuer/],
  ['guests off without an issuer', ['--guests=false'], /nobody could play.* needs jwtIssuer/],
  ['an issuer without an audience', ['--jwt-issuer=x'], /jwtIssuer needs jwtAudience/],
  ['an issuer without keys', ISSUER, /needs jwtJwksUrl or jwtKeysFile/],
  ['keys from two places', [...ISSUER, '--jwt-jwks-url=https://a.example', '--jwt-keys-file=keys'], /both set/],
  ['http to another machine', [...ISSUER, '--jwt-jwks-url=http://a.example'], /an https URL/],
] as const) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(() => read('', ...args), refused(sentence));
  });
}

for (const args of [['--command=node app.js'], ['--upstream=127.0.0.1:9000']]) {
  test(`keys for players are refused with ${args}, where they would protect nothing`, () => {
    const jwt = [...ISSUER, '--jwt-jwks-url=https://id.example/keys'];
    for (const given of [jwt, ['--guests=false'], ['--allowed-origin=https://app.example'], ['--api-keys-file=keys']]) {
      assert.throws(() => read('', ...args, ...given), refused(/is for the replicas of Gridlock/));
    }
  });
}

test('a pod cannot fetch keys from the machine it is deployed from', () => {
  const values = {
    'gridlock:jwtIssuer': 'x',
    'gridlock:jwtAudience': 'game',
    'gridlock:jwtJwksUrl': 'http://localhost:8081/keys',
  };
  assert.throws(() => stackConfig('dev', values), refused(/is the pod itself in a cluster/));
});

test('a file of keys is read unchanged, and refused when it is missing or holds a private key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const file = (name: string, text: string) => {
    writeFileSync(path.join(directory, name), text);
    return { jwtKeysFile: path.join(directory, name) };
  };
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  assert.equal(readJwtKeys(file('good.pem', pem)), pem);
  assert.equal(readJwtKeys({ jwtKeysFile: '' }), undefined);
  assert.throws(() => readJwtKeys({ jwtKeysFile: path.join(directory, 'none') }), refused(/cannot be read \(ENOENT\)/));
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  assert.throws(() => readJwtKeys(file('bad.pem', secret)), refused(/jwtKeysFile .*not public/));
});

test('a file of keys for backends is read unchanged, and refused without a key in the sentence when it is invalid', () => {
  const file = (name: string, text: string) => {
    writeFileSync(path.join(directory, name), text);
    return { apiKeysFile: path.join(directory, name) };
  };
  const good = `shop:${'x'.repeat(40)}\n`;
  assert.equal(readApiKeys(file('good.keys', good)), good);
  assert.equal(readApiKeys({ apiKeysFile: '' }), undefined);
  assert.throws(() => readApiKeys({ apiKeysFile: path.join(directory, 'none') }), refused(/cannot be read \(ENOENT\)/));
  assert.throws(
    () => readApiKeys(file('bad.keys', 'shop:secret')),
    (error: Error) => {
      assert.match(error.message, /^apiKeysFile, .*bad\.keys, cannot be used: line 1 does not have a key/);
      return !error.message.includes('secret');
    },
  );
});

test('the same holds for the keys of operators', () => {
  const operatorKeysFile = path.join(directory, 'operator.keys');
  writeFileSync(operatorKeysFile, `olga:${'x'.repeat(40)}\n`);
  assert.equal(readOperatorKeys({ operatorKeysFile }), readFileSync(operatorKeysFile, 'utf8'));
  writeFileSync(operatorKeysFile, 'olga');
  assert.throws(
    () => readOperatorKeys({ operatorKeysFile }),
    refused(/^operatorKeysFile, .*operator\.keys, cannot be used/),
  );
});
