import assert from 'node:assert/strict';
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { loadTrust } from '../directory/authority-files.ts';
import { recordConsumer } from '../directory/consumers.ts';
import { fetchServed } from '../edge/tls-endpoint.ts';
import {
  acceptRoot,
  ensureChain,
  issueFromNextRoot,
  issueLeaf,
  readChain,
  retireRoot,
  rolloverStatus,
  rotate,
} from '../index.ts';
import { contents, DAY_MS, later, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { startTestEdge, withoutHaproxy } from '../testing/test-edge.ts';
import { readCertificates } from '../x509/pem.ts';
import { exportCertificates } from './export.ts';

async function authority(t: TestContext) {
  const dir = join(temporaryDirectory(t), 'pki');
  await ensureChain({ dir, ...localNames });
  return dir;
}

type Client = 'g1' | 'g1 and g2' | 'g2';
/** The results that clients get after each step, by the roots they trust. */
const table: Record<'plain' | 'cross-signed', [step: string, Record<Client, boolean>][]> = {
  plain: [
    ['accept', { g1: true, 'g1 and g2': true, g2: false }],
    ['issue', { g1: false, 'g1 and g2': true, g2: true }],
    ['retire', { g1: false, 'g1 and g2': true, g2: true }],
  ],
  'cross-signed': [
    ['accept', { g1: true, 'g1 and g2': true, g2: false }],
    ['issue', { g1: true, 'g1 and g2': true, g2: true }],
    ['renewal of the leaf', { g1: true, 'g1 and g2': true, g2: true }],
    ['retire', { g1: false, 'g1 and g2': true, g2: true }],
  ],
};

describe('a rollover through the running edge, and what its clients see:', { skip: withoutHaproxy }, () => {
  for (const kind of ['plain', 'cross-signed'] as const) {
    test(`${kind}`, async (t) => {
      const dir = await authority(t);
      const { port } = await startTestEdge(t, dir);
      const g1 = loadTrust(dir)[0]!;
      const steps: Record<string, () => Promise<unknown>> = {
        accept: () => acceptRoot({ dir, crossSign: kind === 'cross-signed' }),
        issue: () => issueFromNextRoot({ dir, distributed: true }),
        'renewal of the leaf': () => rotate({ dir, role: 'leaf' }),
        retire: () => retireRoot({ dir }),
      };
      let g2: X509Certificate | undefined;
      for (const [step, expected] of table[kind]) {
        await steps[step]!();
        g2 ??= loadTrust(dir)[1]!;
        const trust: Record<Client, X509Certificate[]> = { g1: [g1], 'g1 and g2': [g1, g2], g2: [g2] };
        for (const [client, accepts] of Object.entries(expected)) {
          const { refused } = await fetchServed({ host: '127.0.0.1', port }, trust[client as Client]);
          assert.equal(refused === undefined, accepts, `${client} after ${step}: ${refused ?? 'accepts'}`);
        }
      }
      assert.deepEqual(loadTrust(dir).map(String), [String(g2)]);
      assert.equal(readFileSync(join(dir, 'root.pem'), 'utf8'), String(g2));
      for (const gone of ['previous-root.pem', 'previous-root.key', 'cross.pem', 'next-root.pem', 'next-root.key']) {
        assert.ok(!existsSync(join(dir, gone)), gone);
      }
      assert.deepEqual((await ensureChain({ dir, ...localNames })).changed, []);
    });
  }
});

describe('a phase is refused, with nothing changed,', () => {
  async function refused(dir: string, step: () => Promise<unknown>, message: RegExp): Promise<void> {
    const before = contents(dir);
    await assert.rejects(step(), { code: 'rollover_refused', message });
    assert.deepEqual(contents(dir), before);
  }

  test('out of its order', async (t) => {
    const dir = await authority(t);
    await refused(dir, () => issueFromNextRoot({ dir, distributed: true }), /No rollover has begun/);
    await refused(dir, () => retireRoot({ dir }), /No rollover has begun/);
    await acceptRoot({ dir });
    await refused(dir, () => acceptRoot({ dir }), /has not issued yet/);
    await refused(dir, () => retireRoot({ dir, force: true }), /has not issued yet/);
    await issueFromNextRoot({ dir, distributed: true });
    await refused(dir, () => acceptRoot({ dir }), /not retired yet/);
  });

  test('while it is unknown whether clients have the next root', async (t) => {
    const dir = await authority(t);
    await acceptRoot({ dir });
    await refused(dir, () => issueFromNextRoot({ dir }), /give clients .*roots\.pem.*--distributed/);
  });

  test('while a bundle that was exported lacks the next root', async (t) => {
    const dir = await authority(t);
    const place = join(temporaryDirectory(t), 'ca.pem');
    const write = async () => writeFileSync(place, (await exportCertificates({ dir, format: 'bundle' })) as string);
    await write();
    await recordConsumer(dir, { kind: 'file', place });
    await acceptRoot({ dir });
    assert.equal((await rolloverStatus(dir)).consumers[0]!.needs.length, 1);
    await refused(dir, () => issueFromNextRoot({ dir, distributed: true }), /ca\.pem would be cut off/);
    await write();
    assert.deepEqual((await rolloverStatus(dir)).consumers[0]!.needs, []);
    assert.equal((await issueFromNextRoot({ dir })).phase, 'issued');
  });

  test('while a leaf elsewhere leads to the previous root, until it is issued again or has expired', async (t) => {
    const dir = await authority(t);
    const out = join(temporaryDirectory(t), 'redis.pem');
    const issue = () => issueLeaf({ dir, dnsNames: ['redis.game.test'], ipAddresses: [], out });
    await issue();
    await acceptRoot({ dir });
    await issueFromNextRoot({ dir, distributed: true });
    assert.deepEqual(
      (await rolloverStatus(dir)).leaves.map(({ place }) => place),
      [out],
    );
    await refused(dir, () => retireRoot({ dir }), /redis\.pem \(until .*still needs/);
    assert.deepEqual((await rolloverStatus(dir, later(8 * DAY_MS))).leaves, []);
    await issue();
    assert.equal((await retireRoot({ dir })).phase, 'steady');
  });
});

test('status reports the phase and the roots', async (t) => {
  const dir = await authority(t);
  const [g1] = readChain(dir).certificates;
  assert.equal((await rolloverStatus(dir)).phase, 'steady');
  await acceptRoot({ dir, crossSign: true });
  const accepted = await rolloverStatus(dir);
  assert.equal(accepted.phase, 'accepted');
  assert.equal(accepted.roots.issuing, g1!.subject);
  assert.equal(accepted.trusted.length, 2);
  assert.ok(accepted.crossSigned);
  await issueFromNextRoot({ dir });
  const issued = await rolloverStatus(dir);
  assert.equal(issued.phase, 'issued');
  assert.equal(issued.roots.previous, g1!.subject);
  assert.equal(issued.roots.issuing, accepted.roots.next);
});

test('an encrypted root is followed by an encrypted one', async (t) => {
  const dir = temporaryDirectory(t);
  const passphrase = 'open sesame';
  await ensureChain({ dir, ...localNames, passphrase });
  await assert.rejects(acceptRoot({ dir }), { code: 'key_encrypted' });
  await acceptRoot({ dir, passphrase, keyType: 'P-384' });
  await assert.rejects(issueFromNextRoot({ dir, distributed: true }), { code: 'key_encrypted' });
  await issueFromNextRoot({ dir, distributed: true, passphrase });
  assert.throws(() => createPrivateKey(readFileSync(join(dir, 'root.key'))));
  const [root] = readCertificates(join(dir, 'root.pem'));
  const key = createPrivateKey({ key: readFileSync(join(dir, 'root.key')), passphrase });
  assert.ok(root!.checkPrivateKey(key));
});
