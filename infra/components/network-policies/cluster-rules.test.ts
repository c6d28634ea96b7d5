import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { selectorOf } from '../labels.ts';
import { type ClusterRulesArgs, clusterRules, type EdgeOpenings, type RedisOpenings } from './cluster-rules.ts';
import { toAnywhere } from './rule.ts';
import { comes, goes, plain } from './testing/openings.ts';

const ELSEWHERE: EdgeOpenings = { place: { namespace: 'chat-edge' } };
const PLAIN: EdgeOpenings = {
  place: { labels: selectorOf({ cluster: 'chat', part: 'edge' }) },
  own: { ports: [8443, 8080], metricsPorts: [8404, 9102] },
};
const PROMETHEUS = { namespace: 'monitoring' };
const KEDA = { namespace: 'keda', labels: { 'app.kubernetes.io/name': 'keda-operator' } };

const base: ClusterRulesArgs = {
  cluster: 'chat',
  server: { port: 8080, checkPort: 9090, metricsPort: 9090 },
  edge: ELSEWHERE,
  redis: { kind: 'single', ports: [6379] },
};
const rules = (changes: Partial<ClusterRulesArgs> = {}) => clusterRules({ ...base, ...changes });

test('every pod of the cluster is closed both ways, and every opening names its ports', () => {
  const any = fc.record({
    edge: fc.constantFrom(ELSEWHERE, PLAIN),
    redis: fc.constantFrom<(RedisOpenings | undefined)[]>(
      undefined,
      { kind: 'single', ports: [6379] },
      { kind: 'sentinel', ports: [6379, 26_379] },
      { kind: 'external', ports: [6380] },
    ),
    readers: fc.constantFrom([], [PROMETHEUS], [PROMETHEUS, KEDA]),
    acmeSolver: fc.boolean(),
    shuts: fc.constantFrom('cluster' as const, 'namespace' as const),
  });
  fc.assert(
    fc.property(any, (changes) => {
      const found = rules(changes);
      assert.deepEqual(plain(found, 'chat-default-deny').policyTypes, ['Ingress', 'Egress']);
      for (const name of Object.keys(found)) {
        const { ingress = [], egress = [] } = plain(found, name);
        for (const { ports = [] } of [...ingress, ...egress]) assert.ok(ports.length > 0, name);
      }
    }),
  );
});

test('other pods of the namespace stay open, unless the whole namespace is to be closed', () => {
  const shut = (shuts?: 'namespace') =>
    ['chat-default-deny', 'chat-allow-dns'].map((name) => plain(rules({ shuts }), name).podSelector);
  const cluster = { matchLabels: { 'app.kubernetes.io/instance': 'chat' } };
  assert.deepEqual(shut(), [cluster, cluster]);
  assert.deepEqual(shut('namespace'), [{}, {}]);
});

test('two clusters in one namespace have policies with different names, and neither opens the other', () => {
  const names = [...Object.keys(rules({ edge: PLAIN })), ...Object.keys(rules({ cluster: 'chat-2', edge: PLAIN }))];
  assert.equal(new Set(names).size, names.length);
  const other = JSON.stringify(clusterRules({ ...base, cluster: 'other' }));
  assert.doesNotMatch(other, /"chat"/);
});

test('only the edge and the readers of metrics reach a replica, which reaches Redis', () => {
  const found = rules({ readers: [PROMETHEUS, KEDA] });
  assert.deepEqual(comes(found, 'chat'), ['chat-edge/*:8080', 'monitoring/*:9090', 'keda/keda-operator:9090']);
  assert.deepEqual(goes(found, 'chat'), ['redis:6379']);
});

test('nothing reads a server without metrics', () => {
  const found = rules({ server: { port: 3000 }, readers: [PROMETHEUS] });
  assert.deepEqual(comes(found, 'chat'), ['chat-edge/*:3000']);
});

test('a replica reaches the configured destinations, at their ports', () => {
  const server = { port: 3000, egress: [toAnywhere(443)] };
  assert.deepEqual(goes(rules({ server, redis: undefined }), 'chat'), ['anywhere:443']);
  assert.deepEqual(goes(rules({ server: { port: 3000 }, redis: undefined }), 'chat'), []);
});

test('the plain edge checks readiness itself', () => {
  const found = rules({ edge: PLAIN });
  assert.deepEqual(comes(found, 'chat'), ['edge:8080', 'edge:9090']);
  assert.deepEqual(comes(found, 'chat-edge'), ['anywhere:8443', 'anywhere:8080']);
  assert.deepEqual(goes(found, 'chat-edge'), ['server:8080', 'server:9090']);
});

test('readers of metrics reach the plain edge and its agent, and nothing reaches the port that drains it', () => {
  const found = rules({ edge: PLAIN, readers: [PROMETHEUS] });
  const read = ['monitoring/*:8404', 'monitoring/*:9102'];
  assert.deepEqual(comes(found, 'chat-edge'), ['anywhere:8443', 'anywhere:8080', ...read]);
});

test('Redis admits replicas, and with Sentinel its own kind', () => {
  assert.deepEqual(comes(rules(), 'chat-redis'), ['server:6379']);
  assert.equal(plain(rules(), 'chat-redis').egress, undefined);
  const sentinel = rules({ redis: { kind: 'sentinel', ports: [6379, 26_379] } });
  assert.deepEqual(comes(sentinel, 'chat-redis'), ['server:6379', 'server:26379', 'redis:6379', 'redis:26379']);
  assert.deepEqual(goes(sentinel, 'chat-redis'), ['redis:6379', 'redis:26379']);
});

test('an external Redis is reached at its own ports, and without a Redis there is no policy for it', () => {
  const found = rules({ redis: { kind: 'external', ports: [6380, 7000] } });
  assert.deepEqual(goes(found, 'chat'), ['anywhere:6380', 'anywhere:7000']);
  assert.equal(found['chat-redis'], undefined);
  assert.equal(rules({ redis: undefined })['chat-redis'], undefined);
});

test('every pod may ask the DNS of the cluster, and its cache on the node', () => {
  assert.deepEqual(
    [...new Set(goes(rules(), 'chat-allow-dns'))],
    ['kube-system/kube-dns:53', 'kube-system/node-local-dns:53', '169.254.20.10/32:53'],
  );
});

test('a challenge over http reaches its solver, where there is one', () => {
  assert.deepEqual(comes(rules({ acmeSolver: true }), 'chat-acme-solver'), ['chat-edge/*:8089']);
  assert.equal(rules()['chat-acme-solver'], undefined);
});

test('an ingress controller and the job for its definitions ask the API server, and the controller reaches solvers', () => {
  const controller = { ...PLAIN, own: { ...PLAIN.own!, asksApiServer: true, definitions: { made: 'once' } } };
  const found = rules({ edge: controller, acmeSolver: true });
  const api = ['anywhere:443', 'anywhere:6443'];
  assert.deepEqual(goes(found, 'chat-edge'), ['server:8080', 'server:9090', ...api, 'true:8089']);
  assert.deepEqual(goes(found, 'chat-edge-definitions'), api);
  assert.deepEqual(comes(found, 'chat-edge-definitions'), []);
  assert.equal(rules({ edge: PLAIN })['chat-edge-definitions'], undefined);
});
