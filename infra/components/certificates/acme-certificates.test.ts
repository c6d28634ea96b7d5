import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretOf } from './certificate-set.ts';
import { BUNDLE, CERTIFICATE, ISSUER, MANAGER, runAcme, runChain, SECRET, spec } from './testing.ts';

const challenge = { kind: 'http-01', ingressClass: 'play-chat' } as const;
const names = { edge: { dnsNames: ['game.example'], ipAddresses: [] } };

interface AcmeSpec {
  acme: { solvers: { dns01: unknown }[] };
}
const solversOf = (recording: Awaited<ReturnType<typeof runAcme>>) =>
  (spec(recording, ISSUER, 'certificates-acme-issuer') as unknown as AcmeSpec).acme.solvers;

test("only the leaf of the edge comes from ACME; that of Redis stays on the stack's own chain", async () => {
  const recording = await runAcme({ challenge });
  recording.assertChildren('certificates', [
    [MANAGER, 'certificates-manager'],
    [ISSUER, 'certificates-self-signed-issuer'],
    [CERTIFICATE, 'certificates-root-g1'],
    [ISSUER, 'certificates-root-g1-issuer'],
    [CERTIFICATE, 'certificates-intermediate-g1-1'],
    [ISSUER, 'certificates-intermediate-g1-1-issuer'],
    [BUNDLE, 'certificates-roots'],
    [ISSUER, 'certificates-acme-issuer'],
    [CERTIFICATE, 'certificates-edge'],
    [CERTIFICATE, 'certificates-redis'],
  ]);
  const edge = await runAcme({ challenge, names });
  assert.deepEqual(spec(edge, CERTIFICATE, 'certificates-edge'), {
    secretName: secretOf('chat', 'edge'),
    renewBeforePercentage: 29,
    usages: ['digital signature', 'server auth'],
    privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
    dnsNames: ['game.example'],
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'play-chat-acme' },
  });
  assert.deepEqual(spec(edge, ISSUER, 'certificates-acme-issuer'), {
    acme: {
      server: 'https://acme-v02.api.letsencrypt.org/directory',
      email: 'who@game.example',
      privateKeySecretRef: { name: 'play-chat-acme-account' },
      solvers: [{ http01: { ingress: { ingressClassName: 'play-chat', serviceType: 'ClusterIP' } } }],
    },
  });
  const redis = spec(recording, CERTIFICATE, 'certificates-redis') as { issuerRef: { name: string } };
  assert.equal(redis.issuerRef.name, 'play-chat-intermediate-g1-1');
});

test('without Redis the stack has no private chain', async () => {
  const recording = await runAcme({ challenge, names });
  recording.assertChildren('certificates', [
    [MANAGER, 'certificates-manager'],
    [ISSUER, 'certificates-acme-issuer'],
    [CERTIFICATE, 'certificates-edge'],
  ]);
  assert.deepEqual([recording.outputs.trust, recording.outputs.rootCertificate], [undefined, '']);
});

test("from the stack's own chain to ACME and back, each object that stays is the same resource", async () => {
  const urns = (recording: Awaited<ReturnType<typeof runChain>>) =>
    new Map(
      recording.registrations.flatMap(({ type, urn, inputs }) => {
        const { name } = (inputs['metadata'] ?? {}) as { name?: string };
        return name === undefined ? [] : [[`${type} ${name}`, urn] as const];
      }),
    );
  const own = urns(await runChain());
  const acme = urns(await runAcme({ challenge }));
  assert.ok(own.size > 8);
  for (const [object, urn] of own) assert.equal(acme.get(object), urn, object);
});

for (const [what, dns, solver, secret] of [
  [
    'Route 53, by the role of a service account',
    { kind: 'route53', region: 'eu-central-1', hostedZoneId: 'Z0123456789' },
    { route53: { region: 'eu-central-1', hostedZoneID: 'Z0123456789' } },
    undefined,
  ],
  [
    'Cloud DNS, by workload identity',
    { kind: 'cloud-dns', project: 'my-project', zone: 'my-zone' },
    { cloudDNS: { project: 'my-project', hostedZoneName: 'my-zone' } },
    undefined,
  ],
  [
    'Cloud DNS, by a key',
    { kind: 'cloud-dns', project: 'my-project', key: '{"type":"service_account"}' },
    {
      cloudDNS: {
        project: 'my-project',
        serviceAccountSecretRef: { name: 'play-chat-acme-dns', key: 'key.json' },
      },
    },
    { 'key.json': '{"type":"service_account"}' },
  ],
  [
    'Azure DNS, by workload identity',
    { kind: 'azure-dns', subscriptionId: 's', resourceGroup: 'g', zone: 'game.example', clientId: 'c' },
    {
      azureDNS: {
        subscriptionID: 's',
        resourceGroupName: 'g',
        hostedZoneName: 'game.example',
        environment: 'AzurePublicCloud',
        managedIdentity: { clientID: 'c' },
      },
    },
    undefined,
  ],
  [
    'Azure DNS, by the secret of an application',
    {
      kind: 'azure-dns',
      subscriptionId: 's',
      resourceGroup: 'g',
      zone: 'game.example',
      clientId: 'c',
      tenantId: 't',
      secret: 'hush',
    },
    {
      azureDNS: {
        subscriptionID: 's',
        resourceGroupName: 'g',
        hostedZoneName: 'game.example',
        environment: 'AzurePublicCloud',
        clientID: 'c',
        tenantID: 't',
        clientSecretSecretRef: { name: 'play-chat-acme-dns', key: 'client-secret' },
      },
    },
    { 'client-secret': 'hush' },
  ],
  [
    'Cloudflare, by a token',
    { kind: 'cloudflare', token: 'hush' },
    { cloudflare: { apiTokenSecretRef: { name: 'play-chat-acme-dns', key: 'api-token' } } },
    { 'api-token': 'hush' },
  ],
] as const) {
  test(`by dns-01 the challenge is answered in ${what}`, async () => {
    const recording = await runAcme({ challenge: dns });
    assert.deepEqual(solversOf(recording), [{ dns01: solver }]);
    const secrets = recording.all(SECRET);
    assert.equal(secrets.length, secret === undefined ? 0 : 1);
    if (secret === undefined) return;
    const { inputs, secrets: hidden } = recording.one(SECRET);
    assert.deepEqual(inputs['stringData'], secret);
    assert.deepEqual(hidden, ['stringData']);
    assert.equal((inputs['metadata'] as { namespace: string }).namespace, 'cert-manager');
    assert.ok(recording.one(ISSUER, 'certificates-acme-issuer').dependsOn.includes('certificates-acme-dns'));
  });
}

test('in a preview the Secret of the edge is unknown until the authority has answered', async () => {
  const recording = await runAcme({ challenge }, true);
  assert.equal(recording.outputs.edgeSecret, undefined);
  assert.equal(recording.all(CERTIFICATE).length, 4);
  assert.ok(recording.one(CERTIFICATE, 'certificates-edge').dependsOn.includes('certificates-acme-issuer'));
});
