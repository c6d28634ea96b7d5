import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { issuerSettings } from './issuer-settings.ts';

const refuse = (sentence: string): never => {
  throw new Error(sentence);
};
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PUBLIC_PEM = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const PRIVATE_PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const jwks = (...keys: object[]) => JSON.stringify({ keys });

const settings = (env: Record<string, string>, text = PUBLIC_PEM) => issuerSettings(env, () => text, refuse);
const good = { JWT_ISSUER: 'https://id.example/', JWT_AUDIENCE: 'game', GUESTS: 'on' };

test('without any of them there is no issuer', () => {
  assert.equal(settings({ GUESTS: 'on' }), undefined);
});

test('the claims are name and sub unless they are named', () => {
  const { nameClaim, idClaim } = settings({ ...good, JWT_KEYS_FILE: 'keys' })!;
  assert.deepEqual([nameClaim, idClaim], ['name', 'sub']);
  const own = settings({ ...good, JWT_KEYS_FILE: 'keys', JWT_NAME_CLAIM: 'nick', JWT_ID_CLAIM: 'uid' })!;
  assert.deepEqual([own.nameClaim, own.idClaim], ['nick', 'uid']);
});

for (const [what, env, sentence] of [
  ['an audience without an issuer', { JWT_AUDIENCE: 'game' }, /JWT_AUDIENCE is set and JWT_ISSUER is not/],
  ['guests off without an issuer', { GUESTS: 'off' }, /nobody could play/],
  ['our own name', { ...good, JWT_ISSUER: 'gridlock' }, /the issuer of our own tokens/],
  ['an issuer without an audience', { JWT_ISSUER: 'x', JWT_JWKS_URL: 'https://a.example' }, /needs JWT_AUDIENCE/],
  ['an issuer without keys', good, /set JWT_JWKS_URL .* or JWT_KEYS_FILE/],
  ['two places of keys', { ...good, JWT_JWKS_URL: 'https://a.example', JWT_KEYS_FILE: 'keys' }, /both set/],
  ['http to another machine', { ...good, JWT_JWKS_URL: 'http://a.example/keys' }, /not an https URL/],
  ['a URL with a password', { ...good, JWT_JWKS_URL: 'https://u:p@a.example/keys' }, /not an https URL/],
] as const) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(() => settings(env), sentence);
  });
}

for (const url of [
  'https://a.example/keys',
  'http://localhost:8080/keys',
  'http://127.0.0.1/keys',
  'http://[::1]/keys',
]) {
  test(`keys may be at ${url}`, () => {
    assert.deepEqual(settings({ ...good, JWT_JWKS_URL: url })!.keys, new URL(url));
  });
}

for (const [what, text, sentence] of [
  ['a private key in PEM', PRIVATE_PEM, /not public/],
  ['a private key in a key set', jwks(privateKey.export({ format: 'jwk' })), /not public/],
  ['a shared secret', jwks({ kty: 'oct', k: 'c2VjcmV0' }), /not public/],
  ['an invalid key', jwks({ kty: 'EC', crv: 'P-256', x: 'a' }), /not a key set/],
  ['JSON that is broken', '{', /not a key set/],
  ['no key', jwks(), /has no key/],
  ['something else', 'hello', /has no key/],
] as const) {
  test(`${what} in the file is refused with a sentence`, () => {
    assert.throws(() => settings({ ...good, JWT_KEYS_FILE: 'keys' }, text), sentence);
  });
}

test('a file may be a key set or PEM', () => {
  const keysOf = (text: string) => settings({ ...good, JWT_KEYS_FILE: 'keys' }, text)!.keys;
  const one = { ...publicKey.export({ format: 'jwk' }), kid: 'one' };
  assert.deepEqual(keysOf(jwks(one)), { jwks: { keys: [one] }, isNamed: true });
  assert.deepEqual(keysOf(`${PUBLIC_PEM}${PUBLIC_PEM}`), {
    jwks: { keys: [publicKey.export({ format: 'jwk' }), publicKey.export({ format: 'jwk' })] },
    isNamed: false,
  });
});
