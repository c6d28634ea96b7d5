import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { freePort } from '../../tests/kit/ports.ts';
import { settingsFile } from '../directory/settings.ts';
import { ensureChain, issueLeaf } from '../index.ts';
import { DAY_MS, later, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { type Audit, audit } from './audit.ts';

async function authority(t: TestContext): Promise<string> {
  const dir = temporaryDirectory(t);
  await ensureChain({ dir, ...localNames });
  return dir;
}

const codes = ({ findings }: Audit, level: 'error' | 'warning') =>
  findings.filter((finding) => finding.level === level).map(({ code }) => code);

describe('an audit of a directory', () => {
  test('finds only the plain root key in a new authority', async (t) => {
    const result = await audit({ dir: await authority(t) });
    assert.ok(result.good);
    assert.deepEqual(codes(result, 'error'), []);
    assert.deepEqual(codes(result, 'warning'), ['plain_root_key']);
  });

  test('reports certificates that have expired or soon will', async (t) => {
    const dir = await authority(t);
    assert.deepEqual(codes(await audit({ dir, now: later(6.5 * DAY_MS) }), 'warning'), [
      'plain_root_key',
      'expires_soon',
    ]);
    assert.deepEqual(codes(await audit({ dir, now: later(8 * DAY_MS) }), 'error'), ['expired']);
    const late = await audit({ dir, now: later(3600 * DAY_MS) });
    assert.ok(codes(late, 'warning').includes('root_due'));
  });

  test('reports open permissions, an interrupted change and missing lists', async (t) => {
    const dir = await authority(t);
    chmodSync(dir, 0o755);
    chmodSync(join(dir, 'leaf.pem'), 0o640);
    mkdirSync(join(dir, '.pending'));
    writeFileSync(join(dir, 'authority.json'), settingsFile({ crlUrl: 'http://localhost/crl' }).data);
    const result = await audit({ dir });
    assert.deepEqual(codes(result, 'error').sort(), ['no_crl', 'no_crl', 'open_directory', 'open_key']);
    assert.ok(codes(result, 'warning').includes('interrupted'));
  });

  test('goes on after a file that is damaged', async (t) => {
    const dir = await authority(t);
    writeFileSync(join(dir, 'intermediate.pem'), 'hello');
    const result = await audit({ dir, now: later(8 * DAY_MS) });
    assert.deepEqual(codes(result, 'error').sort(), ['corrupt', 'expired']);
    assert.deepEqual(codes(await audit({ dir: join(dir, 'nothing') }), 'error'), ['missing']);
  });
});

describe('an audit of an endpoint', () => {
  async function serve(t: TestContext, pem: string, options: TlsOptions = {}) {
    const server = createServer({ cert: pem, key: pem, ...options }, (socket) => socket.end());
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, serverName: 'localhost' };
  }

  test('accepts the leaf of the directory over TLS 1.3', async (t) => {
    const dir = await authority(t);
    const endpoint = await serve(t, readFileSync(join(dir, 'leaf.pem'), 'utf8'), { minVersion: 'TLSv1.3' });
    const result = await audit({ dir, endpoints: [endpoint] });
    assert.deepEqual(codes(result, 'error'), []);
    assert.equal(result.checked.length, 2);
  });

  test('reports an expired leaf, another name, another root, old TLS and no answer', async (t) => {
    const dir = await authority(t);
    const out = join(temporaryDirectory(t), 'other.pem');
    const make = async (dnsNames: string[], now = new Date()) =>
      (await issueLeaf({ dir, dnsNames, ipAddresses: [], out, now })).pem;
    const errors = async (pem: string, options: TlsOptions = {}) =>
      codes(await audit({ dir, endpoints: [await serve(t, pem, options)] }), 'error');
    const old = temporaryDirectory(t);
    await ensureChain({ dir: old, ...localNames, now: later(-20 * DAY_MS) });
    const before = readFileSync(join(old, 'leaf.pem'), 'utf8');
    assert.deepEqual((await errors(before)).sort(), ['expired', 'untrusted']);
    assert.deepEqual(await errors(await make(['eu.game.test'])), ['name_not_covered']);
    const weak = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    assert.ok((await errors(await make(['localhost']), weak)).length > 0);
    const nobody = { host: '127.0.0.1', port: await freePort() };
    assert.deepEqual(codes(await audit({ dir, endpoints: [nobody] }), 'error'), ['unreachable']);
  });
});
