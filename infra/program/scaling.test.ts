import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackConfig } from '../config/config.ts';
import { CLUSTER } from './names.ts';
import { scalingArgs, socketGauge } from './scaling.ts';

const OTHER_SERVER = { 'gridlock:serverImage': 'chat.example/chat:1', 'gridlock:serverPort': '3000' };
const METRICS = {
  'gridlock:metricsPath': '/numbers',
  'gridlock:metricsPort': '9100',
  'gridlock:scaleOn': 'chat_sockets',
};

const argsOf = (values: Record<string, string> = {}) =>
  scalingArgs(stackConfig('dev', values), { namespace: 'gridlock', deployment: CLUSTER });
const gaugeOf = (values: Record<string, string> = {}) => socketGauge(stackConfig('dev', values));

test("Gridlock's replicas are scaled on their sockets and their CPU", () => {
  const { gauge, cpu, min, max, socketsPerReplica } = argsOf();
  assert.deepEqual([min, max, socketsPerReplica, cpu], [4, 12, 1500, '700m']);
  assert.deepEqual([gauge.toldBy, gauge.metric, gauge.port.number], ['replicas', 'gridlock_sockets', 9090]);
});

test('another gauge of the replicas can be what counts', () => {
  assert.equal(gaugeOf({ 'gridlock:scaleOn': 'gridlock_games' }).metric, 'gridlock_games');
});

test("a server of the user's is scaled on its own gauge, at its own port and path", () => {
  const { toldBy, metric, path, port } = gaugeOf({ ...OTHER_SERVER, ...METRICS });
  assert.deepEqual([toldBy, metric, path, port.number], ['replicas', 'chat_sockets', '/numbers', 9100]);
});

test("a server of the user's that tells none is scaled on the sessions of its edge, and not on CPU", () => {
  const controller = gaugeOf(OTHER_SERVER);
  assert.deepEqual([controller.toldBy, controller.port.name], ['edge', 'stat']);
  assert.match(controller.metric, /proxy="gridlock_svc_\w+_http"/);
  const plain = gaugeOf({ ...OTHER_SERVER, 'gridlock:ingress': 'haproxy' });
  assert.deepEqual([plain.toldBy, plain.port.name], ['edge', 'metrics']);
  assert.equal(argsOf(OTHER_SERVER).cpu, undefined);
  assert.equal(argsOf(OTHER_SERVER).metricsServer, undefined);
});

test('what the cluster has is not installed', () => {
  const own = argsOf();
  assert.deepEqual([own.keda?.replicas, own.metricsServer?.anyKubelet], [1, true]);
  const existing = argsOf({ 'gridlock:autoscaling': 'existing' });
  assert.deepEqual([existing.keda, existing.metricsServer], [undefined, undefined]);
  const charts = argsOf({ 'gridlock:charts': '{"keda":{"install":false},"metricsServer":{"install":false}}' });
  assert.deepEqual([charts.keda, charts.metricsServer], [undefined, undefined]);
});

test('away from a laptop KEDA has two pods of each part, and kubelets are checked', () => {
  const cloud = { 'gridlock:cluster': 'existing', 'gridlock:context': 'c', 'gridlock:imageRepository': 'r.example/g' };
  const { keda, metricsServer } = argsOf(cloud);
  assert.deepEqual([keda?.replicas, metricsServer?.anyKubelet], [2, false]);
});
