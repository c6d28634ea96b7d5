import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { gaugeIn, madeOf, OTHER_SERVER } from './testing.ts';

const METRICS = {
  'gridlock:metricsPath': '/numbers',
  'gridlock:metricsPort': '9100',
  'gridlock:scaleOn': 'chat_sockets',
};

const scalingIn = (values: Record<string, string> = {}) => madeOf(values).args.autoscaling!;
/** The name of a gauge, whose query may name a namespace. */
const metricOf = ({ metric }: ReturnType<typeof gaugeIn>): Promise<string> =>
  new Promise((resolve) => pulumi.output(metric).apply(resolve));

test("Gridlock's replicas are scaled on their sockets and their CPU", () => {
  const { cpu, max, socketsPerReplica } = scalingIn();
  assert.deepEqual([madeOf().args.replicas, max, socketsPerReplica, cpu], [4, 12, 1500, '700m']);
  const gauge = gaugeIn();
  assert.deepEqual([gauge.toldBy, gauge.metric, gauge.port.number], ['replicas', 'gridlock_sockets', 9090]);
});

test('another gauge of the replicas can decide', () => {
  assert.equal(gaugeIn({ 'gridlock:scaleOn': 'gridlock_games' }).metric, 'gridlock_games');
});

test("a user's server is scaled on its own gauge, at its own port and path", () => {
  const { toldBy, metric, path, port } = gaugeIn({ ...OTHER_SERVER, ...METRICS });
  assert.deepEqual([toldBy, metric, path, port.number], ['replicas', 'chat_sockets', '/numbers', 9100]);
});

test("a user's server without a gauge is scaled on the sessions of its edge, and not on CPU", async () => {
  const controller = gaugeIn(OTHER_SERVER);
  assert.deepEqual([controller.toldBy, controller.port.name], ['edge', 'stat']);
  assert.match(await metricOf(controller), /proxy="gridlock_svc_\w+_http"/);
  const plain = gaugeIn({ ...OTHER_SERVER, 'gridlock:ingress': 'haproxy' });
  assert.deepEqual([plain.toldBy, plain.port.name], ['edge', 'metrics']);
  assert.equal(scalingIn(OTHER_SERVER).cpu, undefined);
  assert.equal(scalingIn(OTHER_SERVER).metricsServer, undefined);
});

test('parts that the cluster has are not installed', () => {
  const own = scalingIn();
  assert.deepEqual([own.keda?.replicas, own.metricsServer?.anyKubelet], [1, true]);
  const existing = scalingIn({ 'gridlock:autoscaling': 'existing' });
  assert.deepEqual([existing.keda, existing.metricsServer], [undefined, undefined]);
  const charts = scalingIn({ 'gridlock:charts': '{"keda":{"install":false},"metricsServer":{"install":false}}' });
  assert.deepEqual([charts.keda, charts.metricsServer], [undefined, undefined]);
});

test('away from a laptop KEDA has two pods of each part, and kubelets are checked', () => {
  const cloud = { 'gridlock:cluster': 'existing', 'gridlock:context': 'c', 'gridlock:imageRepository': 'r.example/g' };
  const { keda, metricsServer } = scalingIn(cloud);
  assert.deepEqual([keda?.replicas, metricsServer?.anyKubelet], [2, false]);
});
