import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { WatchMetrics } from '../../../certs/renewal/watch-metrics.ts';
import { Metrics } from '../../../services/server/ops/metrics.ts';
import { stackConfig } from '../../config/config.ts';
import { createMetrics } from '../../edge/agent/agent-server.ts';
import { REFUSALS_METRIC } from '../../edge/metrics.ts';
import { record } from '../../render/recorder.ts';
import { haproxyPod } from '../edge/haproxy-edge-pod.ts';
import { HAPROXY_PORTS } from '../edge/names.ts';
import { alertRules, localAlertRules } from './alert-rules.ts';
import { dashboards, localDashboards } from './dashboards.ts';
import { Monitoring, stackValues } from './monitoring.ts';

interface Container {
  ports: { name: string; containerPort: number }[];
}

const POD_MONITOR = 'kubernetes:monitoring.coreos.com/v1:PodMonitor';
const RULE = 'kubernetes:monitoring.coreos.com/v1:PrometheusRule';
const CONFIG_MAP = 'kubernetes:core/v1:ConfigMap';

const run = (settings: Record<string, string>, preview = false) =>
  record(
    () => {
      new Monitoring('monitoring', { config: stackConfig('dev', settings), namespace: 'gridlock' });
      return {};
    },
    { preview },
  );

test('without monitoring there is nothing', async () => {
  (await run({})).assertChildren('monitoring', []);
});

test('an operator is told what to read and when to alert, and Grafana what to show', async () => {
  const recording = await run({ 'gridlock:monitoring': 'operator' });
  recording.assertChildren('monitoring', [
    [POD_MONITOR, 'monitoring-server'],
    [POD_MONITOR, 'monitoring-edge'],
    [POD_MONITOR, 'monitoring-cert-manager'],
    [RULE, 'monitoring-alerts'],
    [CONFIG_MAP, 'monitoring-gridlock-game'],
    [CONFIG_MAP, 'monitoring-gridlock-edge'],
    [CONFIG_MAP, 'monitoring-gridlock-redis'],
  ]);
  const { metadata, data } = recording.one(CONFIG_MAP, 'monitoring-gridlock-game').inputs as {
    metadata: { labels: Record<string, string> };
    data: Record<string, string>;
  };
  assert.equal(metadata.labels.grafana_dashboard, '1');
  assert.equal(JSON.parse(data['gridlock-game.json'] as string).uid, 'gridlock-game');
});

test('the stack comes first, in its own namespace', async () => {
  const recording = await run({ 'gridlock:monitoring': 'stack' });
  const release = recording.one('kubernetes:helm.sh/v3:Release');
  assert.deepEqual([release.inputs.name, release.inputs.namespace], ['monitoring', 'monitoring']);
  for (const resource of [...recording.all(POD_MONITOR), ...recording.all(RULE)]) {
    assert.ok(resource.dependsOn.includes('monitoring-stack'), resource.name);
  }
});

test('a preview shows every rule and dashboard', async () => {
  const stack = { 'gridlock:monitoring': 'stack' };
  const [before, after] = [await run(stack, true), await run(stack)];
  const specs = (recording: typeof after, type: string) => recording.all(type).map(({ inputs }) => inputs);
  for (const type of [RULE, CONFIG_MAP, POD_MONITOR]) {
    assert.deepEqual(specs(before, type), specs(after, type));
    assert.ok(specs(after, type).length > 0);
  }
});

test('a cluster that has the chart keeps its own', async () => {
  const recording = await run({
    'gridlock:monitoring': 'stack',
    'gridlock:charts': '{"monitoring":{"install":false}}',
  });
  assert.equal(recording.all('kubernetes:helm.sh/v3:Release').length, 0);
  assert.equal(recording.all('kubernetes:core/v1:Namespace').length, 0, 'nor is its namespace ours');
  assert.equal(recording.all(RULE).length, 1);
});

test('the edge is watched where it is', async () => {
  const where = async (ingress: string, more: Record<string, string> = {}) => {
    const { inputs } = (await run({ 'gridlock:monitoring': 'operator', 'gridlock:ingress': ingress, ...more })).one(
      POD_MONITOR,
      'monitoring-edge',
    );
    const { metadata, spec } = inputs as {
      metadata: { namespace: string };
      spec: { podMetricsEndpoints: { port: string; path: string }[] };
    };
    return [metadata.namespace, ...spec.podMetricsEndpoints.map(({ port, path }) => port + path)];
  };
  assert.deepEqual(await where('controller'), ['gridlock', 'stat/metrics', 'stat/refusals']);
  assert.deepEqual(await where('haproxy'), ['gridlock', 'metrics/metrics', 'agent/metrics', 'metrics/refusals']);
  const others = { 'gridlock:charts': '{"ingress":{"install":false}}' };
  assert.deepEqual(
    await where('controller', others),
    ['haproxy-controller', 'stat/metrics'],
    'they count nothing for us',
  );
});

test('two targets at one port are told apart', async () => {
  for (const ingress of ['controller', 'haproxy']) {
    const recording = await run({ 'gridlock:monitoring': 'operator', 'gridlock:ingress': ingress });
    const { spec } = recording.one(POD_MONITOR, 'monitoring-edge').inputs as {
      spec: { podMetricsEndpoints: { port: string; relabelings?: { targetLabel: string; replacement: string }[] }[] };
    };
    const labels = spec.podMetricsEndpoints.map(
      ({ port, relabelings = [] }) =>
        relabelings.find(({ targetLabel }) => targetLabel === 'endpoint')?.replacement ?? port,
    );
    assert.equal(new Set(labels).size, labels.length, String(labels));
  }
});

test('ports that are read are ports of the containers', () => {
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
  const port = (name: string) => all.find((each) => each.name === name)?.containerPort;
  assert.deepEqual([port('metrics'), port('agent')], [HAPROXY_PORTS.metrics, HAPROXY_PORTS.agent]);
});

test('every metric of ours that is shown or alerted on is one that a replica or the edge tells', async () => {
  const replica = readFileSync(new URL('../../../services/server/replica.ts', import.meta.url), 'utf8');
  const watched = [...replica.matchAll(/metrics\.watch\('(\w+)'/g)].map(([, name]) => name);
  const told = new Set([
    ...watched,
    ...(await new Metrics('x').registry.getMetricsAsJSON()).map(({ name }) => name),
    ...(await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name),
    ...[...(await new WatchMetrics().text()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name),
    REFUSALS_METRIC,
  ]);
  const config = stackConfig('dev', { 'gridlock:ingress': 'haproxy' });
  const shown = [dashboards(config), localDashboards('gridlock')];
  const text = JSON.stringify([shown, alertRules(config), localAlertRules('gridlock')]);
  const used = [...text.matchAll(/\b((?:gridlock|nodejs|process|certificate)_\w+)\{/g)].map(([, name]) =>
    name!.replace(/_(bucket|count)$/, ''),
  );
  assert.ok(new Set(used).size > 30);
  assert.deepEqual(
    [...new Set(used)].filter((name) => !told.has(name)),
    [],
  );
});

test('every image of the stack comes from the mirror where there is one', () => {
  const text = JSON.stringify(stackValues({ imageMirror: 'mirror.example/images' }));
  assert.equal(text.match(/mirror\.example\/images\/(quay\.io|docker\.io|ghcr\.io|registry\.k8s\.io)/g)?.length, 8);
  assert.doesNotMatch(JSON.stringify(stackValues({ imageMirror: '' })), /registry/);
});
