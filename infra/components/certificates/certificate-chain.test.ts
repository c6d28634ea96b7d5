import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNKNOWN } from '../../render/registration.ts';
import { namesOfHost } from './certificate-set.ts';
import { FIRST } from './pki-plan.ts';
import { BUNDLE, CERTIFICATE, CONFIG_MAP, ISSUER, MANAGER, names, runChain as run, spec } from './testing.ts';

test("the stack's own chain is cert-manager, one root, one intermediate, two leaves and a bundle", async () => {
  const recording = await run();
  recording.assertChildren('certificates', [
    [MANAGER, 'certificates-manager'],
    [ISSUER, 'certificates-self-signed-issuer'],
    [CERTIFICATE, 'certificates-root-g1'],
    [ISSUER, 'certificates-root-g1-issuer'],
    [CERTIFICATE, 'certificates-intermediate-g1-1'],
    [ISSUER, 'certificates-intermediate-g1-1-issuer'],
    [BUNDLE, 'certificates-roots'],
    [CERTIFICATE, 'certificates-edge'],
    [CERTIFICATE, 'certificates-redis'],
  ]);
  const { edgeSecret, redisSecret, trust, rootCertificate } = recording.outputs;
  assert.deepEqual([edgeSecret, redisSecret], ['chat-edge-tls', 'chat-redis-tls']);
  assert.deepEqual(trust, { configMap: 'play-chat-roots', key: 'roots.pem' });
  assert.match(String(rootCertificate), /BEGIN CERTIFICATE/);
});

test('an object of the whole Kubernetes cluster has the namespace in its name', async () => {
  const recording = await run();
  const named = (type: string) => names(recording, type).sort();
  assert.deepEqual(named(ISSUER), ['play-chat-intermediate-g1-1', 'play-chat-root-g1', 'play-chat-self-signed']);
  assert.deepEqual(named(BUNDLE), ['play-chat-roots']);
  assert.deepEqual(named(CERTIFICATE), ['chat-edge', 'chat-redis', 'play-chat-intermediate-g1-1', 'play-chat-root-g1']);
});

test('a cluster without Redis has no certificate for it, and an intermediate that may sign none', async () => {
  const recording = await run({ names: { edge: namesOfHost('game.example') } });
  assert.equal(recording.outputs.redisSecret, undefined);
  assert.equal(recording.all(CERTIFICATE).length, 3);
  const { nameConstraints } = spec(recording, CERTIFICATE, 'certificates-intermediate-g1-1') as {
    nameConstraints: { permitted: object };
  };
  assert.deepEqual(nameConstraints.permitted, { dnsDomains: ['game.example'] });
});

test('only the root that issues is protected, so that the other can be retired', async () => {
  const protectedOnes = (recording: Awaited<ReturnType<typeof run>>) =>
    recording.registrations.filter(({ options }) => options.protect).map(({ name }) => name);
  const pki = { ...FIRST, generations: ['g1', 'g2'], issuing: 'g2' };
  assert.deepEqual(protectedOnes(await run({ pki, protect: true })), ['certificates-root-g2']);
  assert.deepEqual(protectedOnes(await run({ pki })), []);
});

test('a root signs itself once, is never renewed, and keeps its key', async () => {
  const recording = await run();
  const root = recording.one(CERTIFICATE, 'certificates-root-g1');
  assert.deepEqual(root.inputs['spec'], {
    secretName: 'play-chat-root-g1',
    commonName: 'Gridlock root g1',
    subject: { organizations: ['Gridlock'] },
    isCA: true,
    usages: ['cert sign', 'crl sign'],
    duration: '87600h',
    renewal: { policy: 'Disabled' },
    privateKey: { algorithm: 'ECDSA', size: 384, encoding: 'PKCS8', rotationPolicy: 'Never' },
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'play-chat-self-signed' },
  });
  assert.deepEqual(root.inputs['metadata'], {
    name: 'play-chat-root-g1',
    namespace: 'cert-manager',
    labels: (root.inputs['metadata'] as { labels: object }).labels,
    annotations: { 'pulumi.com/waitFor': 'condition=Ready' },
  });
});

test('an intermediate is constrained to the names of its leaves, and its keys are replaced', async () => {
  const recording = await run();
  const { nameConstraints, subject, ...rest } = spec(recording, CERTIFICATE, 'certificates-intermediate-g1-1') as {
    nameConstraints: { critical: boolean; permitted: { dnsDomains: string[]; ipRanges: string[] } };
    subject: { serialNumber: string };
  };
  assert.deepEqual(rest, {
    secretName: 'play-chat-intermediate-g1-1',
    commonName: 'Gridlock intermediate g1-1',
    isCA: true,
    usages: ['cert sign', 'crl sign', 'digital signature'],
    duration: '2160h',
    renewBefore: '720h',
    privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'play-chat-root-g1' },
  });
  assert.equal(nameConstraints.critical, true);
  assert.ok(nameConstraints.permitted.dnsDomains.includes('localhost'));
  assert.match(subject.serialNumber, /^[0-9a-f]{8}$/);
  const elsewhere = await run({ names: { edge: namesOfHost('game.example', true) } });
  const other = spec(elsewhere, CERTIFICATE, 'certificates-intermediate-g1-1') as {
    subject: { serialNumber: string };
  };
  assert.notEqual(other.subject.serialNumber, subject.serialNumber);
});

test('the leaf of the edge is for the names that clients connect to, signed by the intermediate', async () => {
  const recording = await run({ names: { edge: namesOfHost('game.example', true) } });
  assert.deepEqual(spec(recording, CERTIFICATE, 'certificates-edge'), {
    secretName: 'chat-edge-tls',
    commonName: 'Gridlock edge',
    subject: { organizations: ['Gridlock'], serialNumber: 'g1-1-1' },
    duration: '168h',
    renewBeforePercentage: 29,
    usages: ['digital signature', 'server auth'],
    privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
    dnsNames: ['game.example', 'localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'play-chat-intermediate-g1-1' },
  });
});

test('everything waits for what signs it, and a leaf for the bundle with its root', async () => {
  const recording = await run();
  const waits = (type: string, name: string, ...wanted: string[]) => {
    const { dependsOn } = recording.one(type, name);
    for (const each of wanted) assert.ok(dependsOn.includes(each), `${name} waits for ${dependsOn.join(', ')}`);
  };
  waits(ISSUER, 'certificates-self-signed-issuer', 'cert-manager');
  waits(CERTIFICATE, 'certificates-root-g1', 'certificates-self-signed-issuer');
  waits(ISSUER, 'certificates-root-g1-issuer', 'certificates-root-g1');
  waits(CERTIFICATE, 'certificates-intermediate-g1-1', 'certificates-root-g1-issuer');
  waits(ISSUER, 'certificates-intermediate-g1-1-issuer', 'certificates-intermediate-g1-1');
  waits(BUNDLE, 'certificates-roots', 'certificates-root-g1-issuer', 'trust-manager-webhook');
  waits(CERTIFICATE, 'certificates-edge', 'certificates-intermediate-g1-1-issuer', 'certificates-roots');
  for (const { inputs } of [...recording.all(CERTIFICATE), ...recording.all(ISSUER)]) {
    const { annotations } = inputs['metadata'] as { annotations: Record<string, string> };
    assert.equal(annotations['pulumi.com/waitFor'], 'condition=Ready');
  }
});

test('the bundle has every accepted root, and no intermediate', async () => {
  const recording = await run({ pki: { ...FIRST, generations: ['g1', 'g2'] } });
  const bundle = recording.one(BUNDLE);
  assert.deepEqual(bundle.inputs['spec'], {
    sources: [
      { secret: { name: 'play-chat-root-g1', key: 'tls.crt' } },
      { secret: { name: 'play-chat-root-g2', key: 'tls.crt' } },
    ],
    target: {
      configMap: { key: 'roots.pem' },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'play' } },
    },
  });
  const { annotations } = bundle.inputs['metadata'] as { annotations: Record<string, string> };
  assert.deepEqual(annotations, { 'pulumi.com/waitFor': 'condition=Synced' });
});

test('a rollover changes the objects step by step, and the leaves keep their names throughout', async () => {
  const leaves = ['chat-edge', 'chat-redis'];
  for (const [step, authorities] of [
    [{ generations: ['g1'] }, ['play-chat-root-g1', 'play-chat-intermediate-g1-1']],
    [{ generations: ['g1', 'g2'] }, ['play-chat-root-g1', 'play-chat-root-g2', 'play-chat-intermediate-g1-1']],
    [
      { generations: ['g1', 'g2'], issuing: 'g2' },
      ['play-chat-root-g1', 'play-chat-root-g2', 'play-chat-intermediate-g2-1'],
    ],
    [{ generations: ['g2'], issuing: 'g2' }, ['play-chat-root-g2', 'play-chat-intermediate-g2-1']],
  ] as const) {
    const recording = await run({ pki: { ...FIRST, ...step } });
    assert.deepEqual(names(recording, CERTIFICATE).sort(), [...authorities, ...leaves].sort());
  }
});

test('in the first preview nothing is read, and missing objects are unknown', async () => {
  const recording = await run({}, true);
  assert.equal(
    recording.all(CONFIG_MAP).every(({ inputs }) => inputs['id'] === '' || inputs['id'] === UNKNOWN),
    true,
  );
  assert.equal(recording.outputs.edgeSecret, undefined);
  assert.equal(recording.all(CERTIFICATE).length, 4);
});
