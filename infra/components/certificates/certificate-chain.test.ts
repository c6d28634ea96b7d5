import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNKNOWN } from '../../render/registration.ts';
import { BUNDLE, CERTIFICATE, CONFIG_MAP, ISSUER, MANAGER, names, pki, run, spec } from './testing.ts';

test('the own chain is cert-manager, one root, one intermediate, three leaves and a bundle', async () => {
  const recording = await run();
  recording.assertChildren('certificates', [
    [MANAGER, 'certificates-manager'],
    [ISSUER, 'gridlock-self-signed-issuer'],
    [CERTIFICATE, 'gridlock-root-g1'],
    [ISSUER, 'gridlock-root-g1-issuer'],
    [CERTIFICATE, 'gridlock-intermediate-g1-1'],
    [ISSUER, 'gridlock-intermediate-g1-1-issuer'],
    [BUNDLE, 'gridlock-roots'],
    [CERTIFICATE, 'gridlock-edge'],
    [CERTIFICATE, 'gridlock-redis'],
    [CERTIFICATE, 'gridlock-metrics-api'],
  ]);
  const { edgeSecret, redisSecret, metricsApiSecret, trust, rootCertificate } = recording.outputs;
  assert.deepEqual(
    [edgeSecret, redisSecret, metricsApiSecret],
    ['gridlock-edge-tls', 'gridlock-redis-tls', 'gridlock-metrics-api-tls'],
  );
  assert.deepEqual(trust, { configMap: 'gridlock-roots', key: 'roots.pem' });
  assert.match(String(rootCertificate), /BEGIN CERTIFICATE/);
});

test('a root signs itself once, is never renewed, and keeps its key', async () => {
  const recording = await run();
  const root = recording.one(CERTIFICATE, 'gridlock-root-g1');
  assert.deepEqual(root.inputs['spec'], {
    secretName: 'gridlock-root-g1',
    commonName: 'Gridlock root g1',
    subject: { organizations: ['Gridlock'] },
    isCA: true,
    usages: ['cert sign', 'crl sign'],
    duration: '87600h',
    renewal: { policy: 'Disabled' },
    privateKey: { algorithm: 'ECDSA', size: 384, encoding: 'PKCS8', rotationPolicy: 'Never' },
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'gridlock-self-signed' },
  });
  assert.deepEqual(root.inputs['metadata'], {
    name: 'gridlock-root-g1',
    namespace: 'cert-manager',
    labels: (root.inputs['metadata'] as { labels: object }).labels,
    annotations: { 'pulumi.com/waitFor': 'condition=Ready' },
  });
});

test('an intermediate is constrained to the names of its leaves, and its keys are replaced', async () => {
  const recording = await run();
  const { nameConstraints, subject, ...rest } = spec(recording, CERTIFICATE, 'gridlock-intermediate-g1-1') as {
    nameConstraints: { critical: boolean; permitted: { dnsDomains: string[]; ipRanges: string[] } };
    subject: { serialNumber: string };
  };
  assert.deepEqual(rest, {
    secretName: 'gridlock-intermediate-g1-1',
    commonName: 'Gridlock intermediate g1-1',
    isCA: true,
    usages: ['cert sign', 'crl sign', 'digital signature'],
    duration: '2160h',
    renewBefore: '720h',
    privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'gridlock-root-g1' },
  });
  assert.equal(nameConstraints.critical, true);
  assert.ok(nameConstraints.permitted.dnsDomains.includes('localhost'));
  assert.match(subject.serialNumber, /^[0-9a-f]{8}$/);
  const elsewhere = await run({ 'gridlock:host': 'game.example' });
  const other = spec(elsewhere, CERTIFICATE, 'gridlock-intermediate-g1-1') as {
    subject: { serialNumber: string };
  };
  assert.notEqual(other.subject.serialNumber, subject.serialNumber);
});

test('the leaf of the edge is for what people connect to, signed by the intermediate', async () => {
  const recording = await run({ 'gridlock:host': 'game.example' });
  assert.deepEqual(spec(recording, CERTIFICATE, 'gridlock-edge'), {
    secretName: 'gridlock-edge-tls',
    commonName: 'Gridlock edge',
    subject: { organizations: ['Gridlock'], serialNumber: 'g1-1-1' },
    duration: '168h',
    renewBeforePercentage: 29,
    usages: ['digital signature', 'server auth'],
    privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
    dnsNames: ['game.example', 'localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'gridlock-intermediate-g1-1' },
  });
});

test('everything waits for what signs it, and a leaf for the bundle with its root', async () => {
  const recording = await run();
  const waits = (type: string, name: string, ...wanted: string[]) => {
    const { dependsOn } = recording.one(type, name);
    for (const each of wanted) assert.ok(dependsOn.includes(each), `${name} waits for ${dependsOn.join(', ')}`);
  };
  waits(ISSUER, 'gridlock-self-signed-issuer', 'cert-manager');
  waits(CERTIFICATE, 'gridlock-root-g1', 'gridlock-self-signed-issuer');
  waits(ISSUER, 'gridlock-root-g1-issuer', 'gridlock-root-g1');
  waits(CERTIFICATE, 'gridlock-intermediate-g1-1', 'gridlock-root-g1-issuer');
  waits(ISSUER, 'gridlock-intermediate-g1-1-issuer', 'gridlock-intermediate-g1-1');
  waits(BUNDLE, 'gridlock-roots', 'gridlock-root-g1-issuer', 'trust-manager-webhook');
  waits(CERTIFICATE, 'gridlock-edge', 'gridlock-intermediate-g1-1-issuer', 'gridlock-roots');
  for (const { inputs } of [...recording.all(CERTIFICATE), ...recording.all(ISSUER)]) {
    const { annotations } = inputs['metadata'] as { annotations: Record<string, string> };
    assert.equal(annotations['pulumi.com/waitFor'], 'condition=Ready');
  }
});

test('the bundle has every accepted root, and no intermediate', async () => {
  const recording = await run(pki({ generations: ['g1', 'g2'], issuing: 'g1' }));
  const bundle = recording.one(BUNDLE);
  assert.deepEqual(bundle.inputs['spec'], {
    sources: [
      { secret: { name: 'gridlock-root-g1', key: 'tls.crt' } },
      { secret: { name: 'gridlock-root-g2', key: 'tls.crt' } },
    ],
    target: {
      configMap: { key: 'roots.pem' },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gridlock' } },
    },
  });
  const { annotations } = bundle.inputs['metadata'] as { annotations: Record<string, string> };
  assert.deepEqual(annotations, { 'pulumi.com/waitFor': 'condition=Synced' });
});

test('a rollover changes the objects step by step, and the leaves keep their names throughout', async () => {
  const leaves = ['gridlock-edge', 'gridlock-redis', 'gridlock-metrics-api'];
  for (const [step, authorities] of [
    [{ generations: ['g1'] }, ['gridlock-root-g1', 'gridlock-intermediate-g1-1']],
    [{ generations: ['g1', 'g2'] }, ['gridlock-root-g1', 'gridlock-root-g2', 'gridlock-intermediate-g1-1']],
    [
      { generations: ['g1', 'g2'], issuing: 'g2' },
      ['gridlock-root-g1', 'gridlock-root-g2', 'gridlock-intermediate-g2-1'],
    ],
    [{ generations: ['g2'], issuing: 'g2' }, ['gridlock-root-g2', 'gridlock-intermediate-g2-1']],
  ] as const) {
    const recording = await run(pki(step));
    assert.deepEqual(names(recording, CERTIFICATE).sort(), [...authorities, ...leaves].sort());
  }
});

test('in the first preview nothing is read, and what is not there yet is unknown', async () => {
  const recording = await run({}, true);
  assert.equal(
    recording.all(CONFIG_MAP).every(({ inputs }) => inputs['id'] === '' || inputs['id'] === UNKNOWN),
    true,
  );
  assert.equal(recording.outputs.edgeSecret, undefined);
  assert.equal(recording.all(CERTIFICATE).length, 5);
});
