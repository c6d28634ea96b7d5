import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeEdge } from '../index.ts';
import { temporaryDirectory } from '../testing/fixtures.ts';
import acme, { orderOf } from './acme.ts';

/** The order that these flags make. */
async function ordered(...args: string[]) {
  let order: unknown;
  acme.action(async (options) => void (order = await orderOf(options)));
  await acme.parseAsync(args, { from: 'user' });
  return order;
}

test('without flags the names are proved to Let’s Encrypt over HTTP', async (t) => {
  const dir = temporaryDirectory(t);
  assert.deepEqual(await ordered('--dir', dir, '--dns', 'a.test', '--dns', 'b.test', '--out', '/own.pem'), {
    server: 'https://acme-v02.api.letsencrypt.org/directory',
    dnsNames: ['a.test', 'b.test'],
    challenge: { type: 'http-01', listen: undefined },
    out: '/own.pem',
  });
});

test('the account, the type of key, and roots that are not public', async (t) => {
  const dir = temporaryDirectory(t);
  const account = ['--server', 'https://acme.test/dir', '--email', 'me@a.test', '--key-type', 'RSA-2048'];
  const roots = ['--server-root', '/server.pem', '--root', '/roots.pem', '--listen', '127.0.0.1:8080'];
  assert.deepEqual(await ordered('--dir', dir, '--dns', 'a.test', '--out', '/own.pem', ...account, ...roots), {
    server: 'https://acme.test/dir',
    dnsNames: ['a.test'],
    challenge: { type: 'http-01', listen: { host: '127.0.0.1', port: 8080 } },
    out: '/own.pem',
    email: 'me@a.test',
    keyType: 'RSA-2048',
    serverRoots: '/server.pem',
    roots: '/roots.pem',
  });
});

const challenge = async (dir: string, ...args: string[]) =>
  ((await ordered('--dir', dir, '--dns', 'a.test', '--out', '/own.pem', ...args)) as { challenge: unknown }).challenge;

test('dns-01 by commands, or by updates of a name server', async (t) => {
  const dir = temporaryDirectory(t);
  const dns = ['--challenge', 'dns-01'];
  assert.deepEqual(await challenge(dir, ...dns, '--dns-set', 'set', '--dns-clear', 'clear'), {
    type: 'dns-01',
    set: 'set',
    clear: 'clear',
  });
  const key = ['--zone', 'test', '--tsig-name', 'key', '--tsig-secret-file', '/secret'];
  const update = { host: 'ns.test', port: 53, zone: 'test', keyName: 'key', secretFile: '/secret' };
  assert.deepEqual(await challenge(dir, ...dns, '--rfc2136', 'ns.test', ...key), {
    type: 'dns-01',
    update: { ...update, algorithm: 'hmac-sha256' },
  });
  assert.deepEqual(
    await challenge(dir, ...dns, '--rfc2136', 'ns.test:5353', ...key, '--tsig-algorithm', 'hmac-sha512'),
    { type: 'dns-01', update: { ...update, port: 5353, algorithm: 'hmac-sha512' } },
  );
});

test('tls-alpn-01 at a socket', async (t) => {
  const args = ['--challenge', 'tls-alpn-01', '--listen', '/run/alpn.sock'];
  assert.deepEqual(await challenge(temporaryDirectory(t), ...args), { type: 'tls-alpn-01', listen: '/run/alpn.sock' });
});

test('the certificate goes to the edge that the flags name, or to the running one', async (t) => {
  const dir = temporaryDirectory(t);
  writeEdge(dir, {
    runtimeSocket: '/run/haproxy.sock',
    certificate: 'leaf.pem',
    endpoints: [{ host: '127.0.0.1', port: 8443 }],
    responderSocket: '/run/certs.sock',
  });
  const edge = async (...args: string[]) =>
    ((await ordered('--dir', dir, '--dns', '*.a.test', '--out', '/own.pem', ...args)) as { edge?: unknown }).edge;
  assert.equal(await edge(), undefined);
  assert.deepEqual(await edge('--edge-certificate', 'own.pem'), {
    runtimeSocket: '/run/haproxy.sock',
    certificate: 'own.pem',
    endpoints: [{ host: '127.0.0.1', port: 8443, serverName: 'any.a.test' }],
  });
  const flags = ['--edge-certificate', 'own.pem', '--edge-socket', '/other.sock', '--endpoint', '[::1]:443'];
  assert.deepEqual(await edge(...flags), {
    runtimeSocket: '/other.sock',
    certificate: 'own.pem',
    endpoints: [{ host: '::1', port: 443, serverName: 'any.a.test' }],
  });
  assert.deepEqual(await challenge(dir), { type: 'http-01', listen: '/run/certs.sock' });
});
