import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { loadIntermediate, loadLeaf, loadRoot, loadTrust } from '../directory/authority-files.ts';
import { deploy, push } from '../edge/edge-deployment.ts';
import { runtimeCommand } from '../edge/runtime-command.ts';
import { fetchServed } from '../edge/tls-endpoint.ts';
import { ensureChain, issueLeaf, readChain } from '../index.ts';
import { contents, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { startTestEdge, withoutHaproxy } from '../testing/test-edge.ts';
import { constraintsOf } from '../x509/issuance.ts';
import { parsePem } from '../x509/pem.ts';
import { initAuthority } from './init.ts';
import { rotate, syncEdge } from './rotate.ts';

async function cluster(t: TestContext) {
  const dir = join(temporaryDirectory(t), 'pki');
  await ensureChain({ dir, ...localNames });
  const running = await startTestEdge(t, dir);
  const served = () => fetchServed({ host: '127.0.0.1', port: running.port }, loadTrust(dir));
  return { dir, running, served };
}

const onDisk = (dir: string) => loadLeaf(dir)!.certificate.fingerprint256;

describe('a rotation through the running edge', { skip: withoutHaproxy }, () => {
  for (const role of ['leaf', 'intermediate'] as const) {
    test(`of the ${role} is served at once and is on disk, both the same`, async (t) => {
      const { dir, served } = await cluster(t);
      const before = readChain(dir).certificates;
      const { edge, certificates } = await rotate({ dir, role });
      assert.equal(edge, 'updated');
      const now = await served();
      assert.equal(now.refused, undefined);
      assert.equal(now.chain[0]!.fingerprint256, onDisk(dir));
      const replaced = certificates.map((one) => one.role);
      assert.deepEqual(replaced, role === 'leaf' ? ['leaf'] : ['intermediate', 'leaf']);
      for (const { role: each, serialNumber } of readChain(dir).certificates) {
        const earlier = before.find((one) => one.role === each)!.serialNumber;
        assert.equal(serialNumber !== earlier, replaced.includes(each), each);
      }
      assert.equal((statSync(join(dir, 'leaf.pem')).mode & 0o777).toString(8), '600');
    });
  }

  test('keeps names, type of key and name constraints', async (t) => {
    const { dir } = await cluster(t);
    await rotate({ dir, role: 'leaf', keyType: 'P-384' });
    await rotate({ dir, role: 'intermediate' });
    const { certificate, key } = loadLeaf(dir)!;
    assert.equal(key.asymmetricKeyDetails?.namedCurve, 'secp384r1');
    for (const name of localNames.dnsNames) assert.ok(certificate.checkHost(name), name);
    await issueLeaf({ dir, dnsNames: ['eu.game.test'], ipAddresses: [], out: join(dir, '..', 'other.pem') });
  });

  test('leaves open connections alone', async (t) => {
    const { dir, running } = await cluster(t);
    const socket = connect({
      port: running.port,
      host: '127.0.0.1',
      ca: readFileSync(join(dir, 'root.pem')),
    });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    await rotate({ dir, role: 'intermediate' });
    await rotate({ dir, role: 'leaf' });
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(String(answer), /^HTTP\/1\.1 200 OK/);
  });

  test('is checked by a full handshake, as a resumed session does not show it', async (t) => {
    const { dir, running } = await cluster(t);
    const ca = readFileSync(join(dir, 'root.pem'));
    const first = connect({ port: running.port, host: '127.0.0.1', ca });
    const [session] = (await once(first, 'session')) as [Buffer];
    const before = first.getPeerX509Certificate()!.fingerprint256;
    first.destroy();
    await rotate({ dir, role: 'leaf' });
    const resumed = connect({ port: running.port, host: '127.0.0.1', ca, session });
    await once(resumed, 'secureConnect');
    assert.ok(resumed.isSessionReused());
    assert.notEqual(resumed.getPeerCertificate().fingerprint256, onDisk(dir));
    resumed.destroy();
    assert.notEqual(onDisk(dir), before);
  });

  test('that clients would refuse is rolled back, and changes nothing on disk', async (t) => {
    const { dir, running, served } = await cluster(t);
    const before = contents(dir);
    const stranger = join(temporaryDirectory(t), 'pki');
    await ensureChain({ dir: stranger, ...localNames });
    const [wrong, right] = [loadLeaf(stranger)!, loadLeaf(dir)!];
    const pem = (of: string) => readFileSync(join(of, 'leaf.pem'), 'utf8');
    await assert.rejects(
      deploy(
        running.edge,
        { pem: pem(stranger), leaf: wrong.certificate },
        { pem: pem(dir), leaf: right.certificate },
        loadTrust(dir),
      ),
      { code: 'rotation_failed', message: /would refuse it.*the earlier certificate is served again/ },
    );
    assert.equal((await served()).chain[0]!.fingerprint256, right.certificate.fingerprint256);
    assert.deepEqual(contents(dir), before);
  });

  for (const [what, spoil] of [
    [
      'a key of another certificate',
      (pem: string, other: string) =>
        pem.split('-----BEGIN PRIVATE')[0] + other.slice(other.indexOf('-----BEGIN PRIVATE')),
    ],
    ['no key', (pem: string) => pem.split('-----BEGIN PRIVATE')[0]!],
    ['a certificate cut short', (pem: string) => pem.slice(0, 300)],
  ] as const) {
    test(`with ${what} is refused by HAProxy, which keeps serving the previous one`, async (t) => {
      const { dir, running, served } = await cluster(t);
      const other = await issueLeaf({ dir, ...localNames, out: join(dir, '..', 'other.pem') });
      const pem = readFileSync(join(dir, 'leaf.pem'), 'utf8');
      await assert.rejects(push(running.edge, spoil(other.pem, pem)), { code: 'rotation_failed' });
      assert.equal((await served()).chain[0]!.fingerprint256, onDisk(dir));
      assert.equal((await rotate({ dir, role: 'leaf' })).edge, 'updated', 'the next one succeeds');
    });
  }

  test('succeeds after another process left a transaction open', async (t) => {
    const { dir, running } = await cluster(t);
    const { pem } = await issueLeaf({ dir, ...localNames, out: join(dir, '..', 'other.pem') });
    await runtimeCommand(running.edge.runtimeSocket, `set ssl cert ${running.edge.certificate} <<\n${pem}`);
    assert.equal((await rotate({ dir, role: 'leaf' })).edge, 'updated');
  });

  test('is only written to disk while the edge is not running', async (t) => {
    const { dir, running, served } = await cluster(t);
    await running.stop();
    assert.equal((await rotate({ dir, role: 'leaf' })).edge, 'not running');
    await running.start();
    assert.equal((await served()).chain[0]!.fingerprint256, onDisk(dir));
  });

  test('that died between memory and disk is taken back to what is on disk', async (t) => {
    const { dir, running, served } = await cluster(t);
    const { pem } = await issueLeaf({ dir, ...localNames, out: join(dir, '..', 'other.pem') });
    await push(running.edge, pem);
    assert.equal((await served()).chain[0]!.fingerprint256, parsePem(pem).certificates[0]!.fingerprint256);
    assert.equal(await syncEdge(dir), true);
    assert.equal((await served()).chain[0]!.fingerprint256, onDisk(dir));
    assert.equal(await syncEdge(dir), false);
  });
});

test('a damaged edge.json is refused by name', async (t) => {
  const dir = temporaryDirectory(t);
  await ensureChain({ dir, ...localNames });
  writeFileSync(join(dir, 'edge.json'), '{');
  await assert.rejects(rotate({ dir, role: 'leaf' }), { code: 'corrupt', message: /edge\.json is damaged/ });
});

test('a new intermediate with an encrypted root takes the passphrase', async (t) => {
  const dir = temporaryDirectory(t);
  await ensureChain({ dir, ...localNames, passphrase: 'open sesame' });
  await assert.rejects(rotate({ dir, role: 'intermediate' }), { code: 'key_encrypted' });
  await assert.rejects(rotate({ dir, role: 'intermediate', passphrase: 'close sesame' }), {
    code: 'wrong_passphrase',
  });
  assert.equal((await rotate({ dir, role: 'intermediate', passphrase: 'open sesame' })).certificates.length, 2);
});

test('an authority without a cluster gets a new intermediate for the same names', async (t) => {
  const dir = temporaryDirectory(t);
  const names = { dnsNames: ['game.example'], ipAddresses: [] };
  await initAuthority({ dir, ...names });
  const before = constraintsOf(loadIntermediate(dir, loadRoot(dir)!)!);
  const { edge, certificates } = await rotate({ dir, role: 'intermediate' });
  assert.equal(edge, 'none');
  assert.deepEqual(
    certificates.map(({ role }) => role),
    ['intermediate'],
  );
  const after = loadIntermediate(dir, loadRoot(dir)!)!;
  assert.equal(after.fingerprint256, certificates[0]!.sha256);
  assert.deepEqual(constraintsOf(after), before);
  await issueLeaf({ dir, ...names, out: join(temporaryDirectory(t), 'other.pem') });
});
