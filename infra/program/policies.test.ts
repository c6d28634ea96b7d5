import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comes, goes, plain } from '../components/network-policies/testing/openings.ts';
import { CLUSTER } from './names.ts';
import { OTHER_SERVER, rulesIn } from './testing.ts';

test('the whole namespace of the stack is closed', () => {
  assert.deepEqual(plain(rulesIn(), `${CLUSTER}-default-deny`).podSelector, {});
});

test('only the edge, KEDA and Prometheus reach a replica, which reaches Redis and the edge', () => {
  const rules = rulesIn({ 'gridlock:monitoring': 'stack' });
  const readers = ['keda/keda-operator:9090', 'monitoring/*:9090'];
  assert.deepEqual(comes(rules, CLUSTER), ['edge:8080', 'edge:9090', ...readers]);
  assert.deepEqual(goes(rules, CLUSTER), ['redis:6379', 'edge:8443']);
});

test("the cluster's own KEDA may be in any namespace, and without scaling there is no opening for it", () => {
  const existing = comes(rulesIn({ 'gridlock:autoscaling': 'existing' }), CLUSTER);
  assert.deepEqual(existing, ['edge:8080', 'edge:9090', '*/keda-operator:9090']);
  assert.deepEqual(comes(rulesIn({ 'gridlock:autoscaling': 'none' }), CLUSTER), ['edge:8080', 'edge:9090']);
});

test("a replica reaches the issuer's keys when they are at a URL, at its port", () => {
  const issuer = { 'gridlock:jwtIssuer': 'https://id.example', 'gridlock:jwtAudience': 'play' };
  const last = (url: string) => goes(rulesIn({ ...issuer, 'gridlock:jwtJwksUrl': url }), CLUSTER).at(-1);
  assert.equal(last('https://id.example/keys'), 'anywhere:443');
  assert.equal(last('https://id.example:8444/keys'), 'anywhere:8444');
});

for (const [endpoint, port] of [
  ['http://collector.observability:4318', 4318],
  ['http://collector.example', 80],
  ['https://collector.example/otlp', 443],
] as const) {
  test(`a replica reaches the collector at ${endpoint}, and so does a user's server`, () => {
    const traces = { 'gridlock:tracesEndpoint': endpoint };
    assert.equal(goes(rulesIn(traces), CLUSTER).filter((where) => where === `anywhere:${port}`).length, 1);
    const other = { ...OTHER_SERVER, 'gridlock:redis': 'none', ...traces };
    assert.deepEqual(goes(rulesIn(other), CLUSTER), [`anywhere:${port}`]);
  });
}

test("a user's server is reached at its own port, and does not reach the edge", () => {
  const rules = rulesIn({ ...OTHER_SERVER, 'gridlock:redis': 'none' });
  assert.deepEqual(comes(rules, CLUSTER), ['edge:3000']);
  assert.deepEqual(goes(rules, CLUSTER), []);
});

test("the metrics of a user's server are read at its own port", () => {
  const metrics = { 'gridlock:metricsPath': '/metrics', 'gridlock:metricsPort': '9100' };
  const rules = rulesIn({ ...OTHER_SERVER, ...metrics, 'gridlock:scaleOn': 'chat_sockets' });
  assert.deepEqual(comes(rules, CLUSTER).slice(1), ['keda/keda-operator:9100']);
});

test('an existing controller connects from its own namespace, and no policy closes it there', () => {
  const rules = rulesIn({ 'gridlock:charts': '{"ingress":{"install":false}}' });
  assert.match(comes(rules, CLUSTER)[0]!, /^haproxy-controller\/kubernetes-ingress:8080$/);
  assert.equal(rules[`${CLUSTER}-edge`], undefined);
});

test('a challenge over http reaches its solver, and one over DNS needs none', () => {
  const acme = {
    'gridlock:certificates': 'acme',
    'gridlock:host': 'play.example',
    'gridlock:acmeEmail': 'a@play.example',
    'gridlock:port': '443',
    'gridlock:httpPort': '80',
  };
  assert.deepEqual(comes(rulesIn(acme), `${CLUSTER}-acme-solver`), ['edge:8089']);
  const dns = { ...acme, 'gridlock:acmeChallenge': 'dns-01', 'gridlock:acmeDnsZone': 'Z0123456789' };
  assert.equal(rulesIn(dns)[`${CLUSTER}-acme-solver`], undefined);
});
