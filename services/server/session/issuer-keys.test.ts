import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { until } from '../../../tests/kit/wait.ts';
import { IdentityProvider } from '../testing/identity-provider.ts';
import { KeysUnavailable, RemoteKeys, type RemoteKeysOptions } from './issuer-keys.ts';

let provider: IdentityProvider;
let keys: RemoteKeys | undefined;
let failures: string[];

beforeEach(async () => {
  provider = await IdentityProvider.start();
  failures = [];
});
afterEach(async () => {
  keys?.stop();
  await provider.stop();
});

function remoteKeys(options: Partial<RemoteKeysOptions> = {}): RemoteKeys {
  keys = new RemoteKeys({ url: provider.url, onFailure: (sentence) => failures.push(sentence), ...options });
  return keys;
}

const verify = async (from: RemoteKeys, kid = 'one') => jwtVerify(await provider.token({}, kid), from.find);
const HOUR = 3_600_000;

test('the keys are fetched once for many tokens', async () => {
  const remote = remoteKeys();
  await Promise.all(Array.from({ length: 20 }, () => verify(remote)));
  assert.equal(provider.fetches, 1);
});

test('a key that is new at the URL is taken without a restart', async () => {
  const remote = remoteKeys({ cooldownMs: 0 });
  await verify(remote);
  await provider.addKey('two');
  const { protectedHeader } = await verify(remote, 'two');
  assert.equal(protectedHeader.kid, 'two');
  assert.equal(provider.fetches, 2);
});

test('tokens with unknown keys do not cause repeated requests to the issuer', async () => {
  const remote = remoteKeys({ cooldownMs: HOUR });
  await verify(remote);
  await provider.addKey('secret', 'ES256', false);
  for (let attempt = 0; attempt < 20; attempt += 1)
    await assert.rejects(verify(remote, 'secret'), errors.JWKSNoMatchingKey);
  assert.equal(provider.fetches, 1);
});

test('a withdrawn key is refused once the keys have been read again', async () => {
  const remote = remoteKeys({ refreshMs: 20 });
  await verify(remote);
  await provider.addKey('two');
  provider.removeKey('one');
  await until(async () => {
    const token = await provider.token();
    return jwtVerify(token, remote.find).then(
      () => false,
      () => decodeProtectedHeader(token).kid === 'one',
    );
  }, 'the key is forgotten');
  await verify(remote, 'two');
});

test('the keys are kept while the URL does not answer, which is reported once', async () => {
  const remote = remoteKeys({ refreshMs: 20 });
  await verify(remote);
  provider.status = 500;
  const { fetches } = provider;
  await until(() => provider.fetches > fetches + 2, 'it was asked again');
  await verify(remote);
  assert.equal(failures.length, 1);
  assert.match(failures[0]!, /it answered 500.*stay in use/);
});

test('tokens cannot be verified before the first keys are read, and can be as soon as they are', async () => {
  provider.status = 503;
  const remote = remoteKeys({ retryMs: 0 });
  await assert.rejects(verify(remote), KeysUnavailable);
  assert.match(failures[0]!, /it answered 503.*cannot be checked/);
  provider.status = 200;
  await verify(remote);
});

test('a URL that never had keys is not asked for each token', async () => {
  provider.status = 503;
  const remote = remoteKeys({ retryMs: HOUR });
  for (let attempt = 0; attempt < 10; attempt += 1) await assert.rejects(verify(remote), KeysUnavailable);
  assert.equal(provider.fetches, 1);
});

test('an answer that is not a key set leaves the keys as they were', async () => {
  const remote = remoteKeys({ refreshMs: 20 });
  await verify(remote);
  provider.keySet = async () => ({ keys: 'none' }) as never;
  await until(() => failures.length > 0, 'it was read');
  await verify(remote);
});

test('a redirect is not followed', async () => {
  provider.status = 302;
  const remote = remoteKeys({ retryMs: 0 });
  await assert.rejects(verify(remote), KeysUnavailable);
});
