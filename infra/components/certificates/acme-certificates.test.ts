import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CERTIFICATE, ISSUER, run, spec } from './testing.ts';

const acme = {
  'gridlock:certificates': 'acme',
  'gridlock:acmeEmail': 'who@game.example',
  'gridlock:host': 'game.example',
  'gridlock:cluster': 'existing',
  'gridlock:context': 'there',
  'gridlock:image': 'registry.example/gridlock:1',
};

test('by ACME comes the leaf of the edge alone; the inner ones stay on the own chain', async () => {
  const recording = await run(acme);
  recording.assertChildren('certificates', [
    ['gridlock:components:CertificateChain', 'certificates-inner'],
    [ISSUER, 'gridlock-acme-issuer'],
    [CERTIFICATE, 'gridlock-edge'],
  ]);
  assert.deepEqual(spec(recording, CERTIFICATE, 'gridlock-edge'), {
    secretName: 'gridlock-edge-tls',
    renewBeforePercentage: 29,
    usages: ['digital signature', 'server auth'],
    privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
    dnsNames: ['game.example'],
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'gridlock-acme' },
  });
  assert.deepEqual(spec(recording, ISSUER, 'gridlock-acme-issuer'), {
    acme: {
      server: 'https://acme-v02.api.letsencrypt.org/directory',
      email: 'who@game.example',
      privateKeySecretRef: { name: 'gridlock-acme-account' },
      solvers: [{ http01: { ingress: { ingressClassName: 'gridlock', serviceType: 'ClusterIP' } } }],
    },
  });
  const redis = spec(recording, CERTIFICATE, 'gridlock-redis') as { issuerRef: { name: string } };
  assert.equal(redis.issuerRef.name, 'gridlock-intermediate-g1-1');
});

test('by dns-01 the challenge is answered in the hosted zone of Route 53', async () => {
  const recording = await run({
    ...acme,
    'gridlock:acmeChallenge': 'dns-01',
    'gridlock:acmeDnsZone': 'Z0123456789',
  });
  const { acme: issuer } = spec(recording, ISSUER, 'gridlock-acme-issuer') as {
    acme: { solvers: unknown[] };
  };
  assert.deepEqual(issuer.solvers, [{ dns01: { route53: { region: 'eu-central-1', hostedZoneID: 'Z0123456789' } } }]);
});

test('in a preview the Secret of the edge is unknown until the authority has answered', async () => {
  const recording = await run(acme, true);
  assert.equal(recording.outputs.edgeSecret, undefined);
  assert.equal(recording.all(CERTIFICATE).length, 5);
  assert.ok(recording.one(CERTIFICATE, 'gridlock-edge').dependsOn.includes('gridlock-acme-issuer'));
});
