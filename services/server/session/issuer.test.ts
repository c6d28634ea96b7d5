import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SignJWT, UnsecuredJWT } from 'jose';
import { AUDIENCE, type Claims, IdentityProvider, ISSUER, payload, seconds } from '../testing/identity-provider.ts';
import { Issuer, JwtRefusal, playerId, playerName } from './issuer.ts';
import { fixedKeys } from './issuer-keys.ts';
import { type IssuerSettings, readKeys } from './issuer-settings.ts';

let provider: IdentityProvider;

before(async () => {
  provider = await IdentityProvider.start('RS256');
  await Promise.all([provider.addKey('es', 'ES256'), provider.addKey('ps', 'PS256'), provider.addKey('ed', 'EdDSA')]);
  await provider.addKey('hidden', 'RS256', false);
});
after(() => provider?.stop());

async function issuer(given: Partial<IssuerSettings> = {}, now = Date.now): Promise<Issuer> {
  const keys = { jwks: await provider.keySet(), isNamed: true };
  const settings = { issuer: ISSUER, audience: AUDIENCE, keys, nameClaim: 'name', idClaim: 'sub', ...given };
  return new Issuer(settings, fixedKeys(keys), now);
}

const read = async (token: string | Promise<string>) => (await issuer()).read(await token);
const refused = async (token: string | Promise<string>, sentence: RegExp) =>
  assert.rejects(read(token), (error) => error instanceof JwtRefusal && sentence.test(error.message));

for (const kid of ['one', 'es', 'ps', 'ed']) {
  test(`a JWT that was signed with the key ${kid} says whose it is and when it ends`, async () => {
    const exp = seconds(600);
    const { player, expiresAt } = await read(provider.token({ name: 'Ada', exp }, kid));
    assert.deepEqual([player, expiresAt], [{ id: 'user-1', name: 'Ada' }, exp * 1000]);
  });
}

for (const [what, claims, sentence] of [
  ['has expired', { exp: seconds(-1) }, /has expired/],
  ['never expires', { exp: null }, /no claim "exp"/],
  ['is good for longer than a log-out is remembered', { exp: seconds(31 * 24 * 3600) }, /more than 30 days/],
  ['is not valid yet', { nbf: seconds(60) }, /not valid yet/],
  ['was issued in the future', { iat: seconds(60) }, /not valid yet/],
  ['is of another issuer', { iss: 'https://other.example/' }, /not of the issuer/],
  ['names no issuer', { iss: null }, /not of the issuer/],
  ['is meant for others', { aud: 'others' }, /not meant for the audience/],
  ['is meant for nobody', { aud: null }, /not meant for the audience/],
  ['is nobody’s', { sub: '' }, /no claim "sub"/],
] as const satisfies readonly (readonly [string, Claims, RegExp])[]) {
  test(`a JWT that ${what} is refused, and told why`, () => refused(provider.token(claims), sentence));
}

test('a JWT that is signed with the public key as a shared secret is refused', async () => {
  const secret = new TextEncoder().encode(await provider.publicPem());
  const forged = new SignJWT(payload({})).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
  await refused(forged, /algorithm that is not accepted/);
});

test('a JWT that is not signed at all is refused', () => refused(new UnsecuredJWT(payload({})).encode(), /./));

test('a JWT of a key that the issuer does not publish is refused', () =>
  refused(provider.token({}, 'hidden'), /key that the issuer does not publish/));

test('a JWT whose signature is another one’s is refused', async () => {
  const [head, , signature] = (await provider.token()).split('.');
  const [, claims] = (await provider.token({ sub: 'root' })).split('.');
  await refused(`${head}.${claims}.${signature}`, /signature of the JWT is not valid/);
});

test('a JWT without the name of its key is tried with each that fits', async () => {
  await provider.addKey('two', 'RS256');
  assert.equal((await read(provider.token({}, 'two', false))).player.id, 'user-1');
  await refused(provider.token({}, 'hidden', false), /signature of the JWT is not valid/);
});

test('a JWT is accepted if the clock of the issuer is only seconds ahead', async () => {
  assert.equal((await read(provider.token({ nbf: seconds(3), iat: seconds(3) }))).player.id, 'user-1');
});

test('what counts is the clock that it is given', async () => {
  const later = await issuer({}, () => Date.now() + 7_200_000);
  await assert.rejects(later.read(await provider.token()), JwtRefusal);
});

test('public keys in PEM do, whatever the token says of the name of its key', async () => {
  const keys = readKeys('keys', `${await provider.publicPem('es')}\n${await provider.publicPem()}`, assert.fail);
  const settings = { issuer: ISSUER, audience: AUDIENCE, keys, nameClaim: 'name', idClaim: 'sub' };
  const byPem = new Issuer(settings, fixedKeys(keys), Date.now);
  for (const kid of ['one', 'es']) assert.equal((await byPem.read(await provider.token({}, kid))).player.id, 'user-1');
  await assert.rejects(byPem.read(await provider.token({}, 'hidden')), JwtRefusal);
});

test('name and id come from the claims that are configured', async () => {
  const own = await issuer({ nameClaim: 'nick', idClaim: 'uid' });
  const { player } = await own.read(await provider.token({ nick: 'Ada', uid: 17 }));
  assert.deepEqual(player, { id: '17', name: 'Ada' });
  await assert.rejects(own.read(await provider.token({ nick: 'Ada' })), /no claim "uid"/);
});

test('a fitting id is the player’s, and any other is mapped to a stable one', () => {
  assert.equal(playerId(ISSUER, 'user-1'), 'user-1');
  for (const subject of ['auth0|5f7c', 'ada@example.com', 'x'.repeat(65), 'Ådä']) {
    const id = playerId(ISSUER, subject);
    assert.match(id, /^jwt_[A-Za-z0-9_-]{32}$/);
    assert.equal(playerId(ISSUER, subject), id);
    assert.notEqual(playerId('https://other.example/', subject), id);
  }
});

test('nobody can have the id of a guest, or an id that is derived from another one', () => {
  const guest = 'AbCdEfGh-_12';
  assert.notEqual(playerId(ISSUER, guest), guest);
  const mapped = playerId(ISSUER, 'ada@example.com');
  assert.notEqual(playerId(ISSUER, mapped), mapped);
});

test('a missing or invisible name is replaced by a stable one, and a long name is cut', () => {
  assert.equal(playerName(' Ada ', 'user-1'), 'Ada');
  assert.equal(playerName('Maximiliane Oberhofer-Schmidt', 'user-1'), 'Maximiliane Oberhofer-Sc');
  for (const claim of [undefined, 7, '', '   ', 'a\u202eb', '\u200b']) {
    assert.match(playerName(claim, 'user-1'), /^Player [0-9A-F]{4}$/);
    assert.equal(playerName(claim, 'user-1'), playerName(undefined, 'user-1'));
  }
  assert.notEqual(playerName('', 'user-1'), playerName('', 'user-2'));
});
