import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitoredOf } from '../components/connections.ts';
import { haproxyPod } from '../components/edge/haproxy-edge-pod.ts';
import { HAPROXY_PORTS } from '../components/edge/names.ts';
import { madeOf, monitoredIn, OTHER_SERVER } from './testing.ts';

interface Container {
  ports: { name: string; containerPort: number }[];
}

test('the monitored ports of the plain edge are ports of its containers', () => {
  const { containers, initContainers } = haproxyPod({
    kind: 'haproxy',
    namespace: 'chat',
    cluster: 'chat',
    host: 'chat.example',
    server: { stickiness: { by: 'none' }, socketPaths: [], healthPath: '' },
    replicas: { service: 'chat', headlessService: 'chat-headless', port: 8080, slots: 4 },
    certificateSecret: 'x',
    agentImage: 'x',
    cookieKey: 'x',
    configSecret: 'x',
    account: 'x',
  });
  const all = [...(containers as Container[]), ...(initContainers as Container[])].flatMap(({ ports }) => ports);
  const ports = monitoredIn({ 'gridlock:ingress': 'haproxy' }).edge.pods.endpoints.map(
    ({ port }) => all.find(({ name }) => name === port)?.containerPort,
  );
  assert.deepEqual(ports, [HAPROXY_PORTS.metrics, HAPROXY_PORTS.agent]);
});

test('an existing controller has no counters for us', () => {
  assert.equal(monitoredIn().edge.refusalsPort, 'stat');
  assert.equal(monitoredIn({ 'gridlock:charts': '{"ingress":{"install":false}}' }).edge.refusalsPort, undefined);
});

test('installed parts are monitored too: cert-manager and KEDA', () => {
  assert.deepEqual(Object.keys(monitoredIn().others ?? {}), ['cert-manager', 'keda']);
  const made = madeOf({ 'gridlock:autoscaling': 'existing' });
  const files = { roots: 'x', edge: { chain: 'x', key: 'x' } };
  const { others, certificates } = monitoredOf({ ...made, args: { ...made.args, certificates: { files } } });
  assert.deepEqual([others, certificates], [{}, {}]);
});

test('the stack is installed where the cluster does not have it', () => {
  assert.notEqual(monitoredIn({ 'gridlock:monitoring': 'stack' }).stack, undefined);
  const own = { 'gridlock:monitoring': 'stack', 'gridlock:charts': '{"monitoring":{"install":false}}' };
  assert.equal(monitoredIn(own).stack, undefined);
  assert.equal(monitoredIn({ 'gridlock:monitoring': 'operator' }).stack, undefined);
});

test("the metrics of a user's server are read, if it has any", () => {
  assert.deepEqual(monitoredIn(OTHER_SERVER).server, { kind: 'other' });
  const { pods } = monitoredIn({
    ...OTHER_SERVER,
    'gridlock:metricsPath': '/numbers',
    'gridlock:metricsPort': '9100',
  }).server;
  assert.deepEqual(pods?.endpoints, [{ port: 'internal', path: '/numbers' }]);
});
