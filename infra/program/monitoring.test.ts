import assert from 'node:assert/strict';
import { test } from 'node:test';
import { haproxyPod } from '../components/edge/haproxy-edge-pod.ts';
import { HAPROXY_PORTS } from '../components/edge/names.ts';
import { stackConfig } from '../config/config.ts';
import { monitoringArgs } from './monitoring.ts';

interface Container {
  ports: { name: string; containerPort: number }[];
}

const argsOf = (values: Record<string, string> = {}) => monitoringArgs(stackConfig('dev', values), 'gridlock');

test('ports of the plain edge that are read are ports of its containers', () => {
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
  const ports = argsOf({ 'gridlock:ingress': 'haproxy' }).edge.pods.endpoints.map(
    ({ port }) => all.find(({ name }) => name === port)?.containerPort,
  );
  assert.deepEqual(ports, [HAPROXY_PORTS.metrics, HAPROXY_PORTS.agent]);
});

test('a controller of others counts nothing for us', () => {
  assert.equal(argsOf().edge.refusalsPort, 'stat');
  assert.equal(argsOf({ 'gridlock:charts': '{"ingress":{"install":false}}' }).edge.refusalsPort, undefined);
});

test('what is installed is monitored too: cert-manager, and KEDA', () => {
  assert.deepEqual(Object.keys(argsOf().others ?? {}), ['cert-manager', 'keda']);
  const files = {
    'gridlock:certificates': 'files',
    'gridlock:certificatesDir': 'x',
    'gridlock:autoscaling': 'existing',
  };
  assert.deepEqual(Object.keys(argsOf(files).others ?? {}), []);
});

test('the stack is installed where the cluster does not have it', () => {
  assert.notEqual(argsOf({ 'gridlock:monitoring': 'stack' }).stack, undefined);
  const own = { 'gridlock:monitoring': 'stack', 'gridlock:charts': '{"monitoring":{"install":false}}' };
  assert.equal(argsOf(own).stack, undefined);
  assert.equal(argsOf({ 'gridlock:monitoring': 'operator' }).stack, undefined);
});

test("of a server of the user's, the metrics that it has are read", () => {
  const server = { 'gridlock:serverImage': 'chat.example/chat:1', 'gridlock:serverPort': '3000' };
  assert.deepEqual(argsOf(server).server, { kind: 'other' });
  const { pods } = argsOf({ ...server, 'gridlock:metricsPath': '/numbers', 'gridlock:metricsPort': '9100' }).server;
  assert.deepEqual(pods?.endpoints, [{ port: 'metrics', path: '/numbers' }]);
});
