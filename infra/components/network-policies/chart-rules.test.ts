import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certManagerRules, kedaRules } from './chart-rules.ts';
import { comes, goes, plain } from './testing/openings.ts';

const prometheus = { namespace: 'monitoring' };

for (const [chart, rules] of [
  ['cert-manager', certManagerRules({})],
  ['KEDA', kedaRules({})],
] as const) {
  test(`the namespace of ${chart} is closed both ways except for DNS and the API server`, () => {
    assert.deepEqual(plain(rules, 'default-deny'), { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    assert.deepEqual(goes(rules, 'allow-api-server'), ['anywhere:443', 'anywhere:6443']);
    assert.ok(goes(rules, 'allow-dns').includes('kube-system/kube-dns:53'));
  });
}

test('only the API server reaches cert-manager, at its webhooks', () => {
  const rules = certManagerRules({});
  assert.deepEqual(comes(rules, 'cert-manager'), []);
  assert.deepEqual(comes(rules, 'webhook'), ['anywhere:10250']);
  assert.deepEqual(comes(rules, 'trust-manager'), ['anywhere:6443']);
});

test('to prove a name to an authority, cert-manager reaches its own answer and the records of the domain', () => {
  assert.equal(plain(certManagerRules({}), 'cert-manager').egress, undefined);
  const proving = [...new Set(goes(certManagerRules({ acme: true }), 'cert-manager'))];
  assert.deepEqual(proving, ['anywhere:80', 'anywhere:53']);
});

test('the API server reaches KEDA, whose operator reads the pods of the cluster', () => {
  const rules = kedaRules({});
  assert.deepEqual(comes(rules, 'metrics-apiserver'), ['anywhere:6443']);
  assert.deepEqual(goes(rules, 'metrics-apiserver'), ['keda-operator:9666']);
  assert.deepEqual(comes(rules, 'webhooks'), ['anywhere:9443']);
  assert.deepEqual(comes(rules, 'operator'), ['keda-operator-metrics-apiserver:9666']);
  assert.deepEqual(goes(rules, 'operator'), ['*/*:*']);
});

test('Prometheus may read the metrics, if there is one', () => {
  assert.deepEqual(comes(certManagerRules({ prometheus }), 'cert-manager'), ['monitoring/*:9402']);
  assert.deepEqual(comes(kedaRules({ prometheus }), 'operator').slice(1), ['monitoring/*:8080']);
});
