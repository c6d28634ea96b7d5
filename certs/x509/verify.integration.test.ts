import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { ensureChain } from '../index.ts';
import { DAY_MS, later, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { issueLeaf } from './issuance.ts';
import { validityFrom } from './lifetimes.ts';
import { type Names, normalizeNames } from './names.ts';
import { type Identity, serverExtensions, signCertificate } from './signing.ts';

const run = promisify(execFile);
const skip = await run('openssl', ['version']).then(
  () => false as const,
  () => 'openssl is not installed: apt-get install openssl',
);

/** The verdict of `openssl verify` on `file`, with only the root trusted. */
async function verify(dir: string, file: string, ...options: string[]): Promise<string> {
  const trust = ['-no-CApath', '-no-CAstore', '-CAfile', join(dir, 'root.pem')];
  const chain = ['-untrusted', join(dir, 'intermediate.pem')];
  return run('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', ...trust, ...chain, ...options, file]).then(
    ({ stdout }) => stdout.trim(),
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
}

function intermediateOf(dir: string): Identity {
  const read = (name: string) => readFileSync(join(dir, name));
  return {
    certificate: new X509Certificate(read('intermediate.pem')),
    key: createPrivateKey(read('intermediate.key')),
  };
}

/** A leaf as a thief of the intermediate's key would sign it. */
async function signUnchecked(dir: string, names: Names, issuer = intermediateOf(dir)): Promise<string> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = await signCertificate({
    subject: [{ CN: ['somebody'] }],
    publicKey,
    issuer,
    validity: validityFrom(new Date(), DAY_MS),
    extensions: serverExtensions(names),
  });
  const path = join(dir, 'unchecked.pem');
  writeFileSync(path, certificate.toString());
  return path;
}

describe('openssl, strict and with nothing trusted but the root,', { skip }, () => {
  for (const names of [
    localNames,
    { dnsNames: [], ipAddresses: ['127.0.0.1', '::1'] },
    { dnsNames: ['*.game.test', `${'x'.repeat(63)}.game.test`], ipAddresses: [] },
  ]) {
    const title = [...names.dnsNames, ...names.ipAddresses].join(', ');
    test(`accepts the chain for ${title}`, async (t) => {
      const dir = temporaryDirectory(t);
      const { leafPath } = await ensureChain({ dir, ...names });
      assert.equal(await verify(dir, leafPath), `${leafPath}: OK`);
    });
  }

  test('accepts every name of the leaf and no other', async (t) => {
    const dir = temporaryDirectory(t);
    const { leafPath } = await ensureChain({ dir, ...localNames });
    for (const name of localNames.dnsNames) {
      assert.match(await verify(dir, leafPath, '-verify_hostname', name), /: OK$/);
    }
    for (const ip of localNames.ipAddresses) assert.match(await verify(dir, leafPath, '-verify_ip', ip), /: OK$/);
    assert.match(await verify(dir, leafPath, '-verify_hostname', 'other.test'), /hostname mismatch/i);
  });

  test('accepts a renewed chain at its time, and the first chain no longer', async (t) => {
    const dir = temporaryDirectory(t);
    const { leafPath } = await ensureChain({ dir, ...localNames });
    const now = later(400 * DAY_MS);
    const at = ['-attime', String(Math.floor(now.getTime() / 1000))];
    assert.match(await verify(dir, leafPath, ...at), /certificate has expired/);
    await ensureChain({ dir, ...localNames, now });
    assert.match(await verify(dir, leafPath, ...at), /: OK$/);
  });

  for (const [title, dnsNames, ipAddresses] of [
    ['a DNS name', ['bank.example'], []],
    ['a DNS name that only ends in the same letters', ['evilgame.test'], []],
    ['an IPv4 address', [], ['127.0.0.2']],
    ['an IPv6 address', [], ['::2']],
    ['one name among permitted ones', ['localhost', 'bank.example'], ['127.0.0.1']],
  ] as const) {
    test(`refuses a leaf for ${title} outside the name constraints`, async (t) => {
      const dir = temporaryDirectory(t);
      await ensureChain({ dir, ...localNames });
      const path = await signUnchecked(dir, normalizeNames(dnsNames, ipAddresses));
      assert.match(await verify(dir, path), /permitted subtree violation/);
    });
  }

  test('refuses an IP address when only DNS names are permitted, and the other way round', async (t) => {
    const dns = temporaryDirectory(t);
    await ensureChain({ dir: dns, dnsNames: ['game.test'], ipAddresses: [] });
    const withIp = await signUnchecked(dns, normalizeNames([], ['127.0.0.1']));
    assert.match(await verify(dns, withIp), /excluded subtree violation/);
    const ip = temporaryDirectory(t);
    await ensureChain({ dir: ip, dnsNames: [], ipAddresses: ['127.0.0.1'] });
    const withDns = await signUnchecked(ip, normalizeNames(['game.test'], []));
    assert.match(await verify(ip, withDns), /excluded subtree violation/);
  });

  test('accepts a leaf signed the same way for a permitted name', async (t) => {
    const dir = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    assert.match(await verify(dir, await signUnchecked(dir, normalizeNames(['eu.game.test'], []))), /: OK$/);
  });

  test('refuses a certificate that a leaf has signed', async (t) => {
    const dir = temporaryDirectory(t);
    const { leafPath } = await ensureChain({ dir, ...localNames });
    const pem = readFileSync(leafPath, 'utf8');
    const leaf = { certificate: new X509Certificate(pem), key: createPrivateKey(pem) };
    const path = await signUnchecked(dir, normalizeNames(['localhost'], []), leaf);
    assert.match(await verify(dir, path, '-untrusted', leafPath), /invalid CA certificate|path length/i);
  });
});

test('the authority itself refuses a leaf outside its name constraints', async (t) => {
  const dir = temporaryDirectory(t);
  await ensureChain({ dir, ...localNames });
  const names = normalizeNames(['localhost', 'bank.example'], []);
  await assert.rejects(issueLeaf(intermediateOf(dir), names, { now: new Date() }), {
    code: 'name_not_permitted',
    message: /bank\.example/,
  });
});

describe('a TLS client', () => {
  async function serve(t: TestContext, dir: string): Promise<number> {
    const { leafPath } = await ensureChain({ dir, ...localNames });
    const pem = readFileSync(leafPath);
    const server = createServer({ cert: pem, key: pem, minVersion: 'TLSv1.3' }, (socket) => socket.end());
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  async function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    try {
      await once(socket, 'secureConnect');
      return socket;
    } finally {
      socket.destroy();
    }
  }

  test('that trusts only the root accepts every name', async (t) => {
    const dir = temporaryDirectory(t);
    const port = await serve(t, dir);
    const ca = readFileSync(join(dir, 'root.pem'));
    for (const servername of localNames.dnsNames) assert.ok((await handshake(port, { ca, servername })).authorized);
    assert.ok((await handshake(port, { ca })).authorized);
  });

  test('that trusts another root fails', async (t) => {
    const port = await serve(t, temporaryDirectory(t));
    const stranger = await ensureChain({ dir: temporaryDirectory(t), ...localNames });
    const ca = readFileSync(stranger.rootPath);
    const code = 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
    await assert.rejects(handshake(port, { ca, servername: 'localhost' }), { code });
  });

  test('that asked for another name fails', async (t) => {
    const dir = temporaryDirectory(t);
    const port = await serve(t, dir);
    const ca = readFileSync(join(dir, 'root.pem'));
    await assert.rejects(handshake(port, { ca, servername: 'other.test' }), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});
