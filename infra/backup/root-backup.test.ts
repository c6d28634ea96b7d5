import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { ClusterError, type Pods } from './pods.ts';
import { backUpRoots, restoreRoots } from './root-backup.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nbW9jaw==\n-----END CERTIFICATE-----\n';
const encoded = (text: string) => Buffer.from(text).toString('base64');
const ANNOTATIONS = {
  'cert-manager.io/certificate-name': 'play-chat-root-g1',
  'cert-manager.io/issuer-name': 'play-chat-self-signed',
};
const SECRET = {
  metadata: {
    name: 'play-chat-root-g1',
    namespace: 'cert-manager',
    labels: { 'controller.cert-manager.io/fao': 'true' },
    annotations: { ...ANNOTATIONS, 'example.com/other': 'x' },
  },
  data: { 'tls.crt': encoded(CERTIFICATE), 'tls.key': encoded(KEY), 'ca.crt': encoded(CERTIFICATE) },
};
const REQUESTS = {
  items: [
    { metadata: { name: 'play-chat-root-g1-1', annotations: ANNOTATIONS } },
    { metadata: { name: 'other-1', annotations: { 'cert-manager.io/certificate-name': 'other' } } },
  ],
};

/** A cluster that has the root, and records the requests it gets. */
class Cluster implements Pods {
  readonly told: { args: string; input: string }[] = [];

  script(): Promise<Buffer> {
    return Promise.reject(new Error('no pod is asked'));
  }

  async kubectl(args: readonly string[], input: Uint8Array = Buffer.alloc(0)): Promise<Buffer> {
    this.told.push({ args: args.join(' '), input: Buffer.from(input).toString() });
    return Buffer.from(JSON.stringify(args.includes('secret') ? SECRET : REQUESTS));
  }
}

const where = { scope: 'play-chat', generations: ['g1'], namespace: 'cert-manager' };

test('a root is kept with its certificate and its key, which only the passphrase opens', async () => {
  const [root] = await backUpRoots(new Cluster(), where, 'open-sesame');
  assert.equal(root?.certificate, CERTIFICATE);
  assert.match(root.key, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  assert.ok(createPrivateKey({ key: root.key, passphrase: 'open-sesame' }).equals(privateKey));
  assert.deepEqual(root.annotations, ANNOTATIONS);
});

test('the same root is restored, and no request is left that cert-manager would compare it with', async () => {
  const roots = await backUpRoots(new Cluster(), where, 'open-sesame');
  const cluster = new Cluster();
  await restoreRoots(cluster, JSON.parse(JSON.stringify(roots)), 'open-sesame');
  const [listed, deleted, applied, ...rest] = cluster.told;
  assert.deepEqual(rest, []);
  assert.match(listed?.args ?? '', /get certificaterequests/);
  assert.equal(deleted?.args, '--namespace cert-manager delete certificaterequests play-chat-root-g1-1');
  assert.match(applied?.args ?? '', /^apply --server-side --force-conflicts/);
  const { metadata, data, type } = JSON.parse(applied?.input ?? '');
  assert.deepEqual(data, SECRET.data);
  assert.deepEqual(
    [type, metadata.name, metadata.annotations],
    ['kubernetes.io/tls', 'play-chat-root-g1', ANNOTATIONS],
  );
});

test('with a wrong passphrase nothing is touched', async () => {
  const roots = await backUpRoots(new Cluster(), where, 'open-sesame');
  const cluster = new Cluster();
  await assert.rejects(restoreRoots(cluster, roots, 'wrong'), (error: Error) => {
    assert.ok(error instanceof ClusterError);
    assert.match(error.message, /The key of play-chat-root-g1 cannot be decrypted: give the passphrase/);
    return true;
  });
  assert.deepEqual(cluster.told, []);
});
