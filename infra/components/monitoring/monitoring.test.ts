import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { WatchMetrics } from '../../../certs/renewal/watch-metrics.ts';
import { Metrics } from '../../../services/server/ops/metrics.ts';
import { createMetrics } from '../../edge/agent/agent-server.ts';
import { REFUSALS_METRIC } from '../../edge/metrics.ts';
import { record } from '../../render/recorder.ts';
import { alertRules, localAlertRules } from './alert-rules.ts';
import { dashboards, localDashboards } from './dashboards.ts';
import { Monitoring, type MonitoringArgs, stackValues } from './monitoring.ts';
import { CONTROLLER, OTHER, PLAIN } from './testing/monitored.ts';

const POD_MONITOR = 'kubernetes:monitoring.coreos.com/v1:PodMonitor';
const RULE = 'kubernetes:monitoring.coreos.com/v1:PrometheusRule';
const CONFIG_MAP = 'kubernetes:core/v1:ConfigMap';

const STACK = { chart: { chart: 'kube-prometheus-stack' } };
const CERT_MANAGER = {
  namespace: 'cert-manager',
  labels: { of: 'cert-manager' },
  endpoints: [{ port: 'http-metrics', path: '/metrics' }],
};

const run = (changes: Partial<MonitoringArgs> = {}, preview = false) =>
  record(
    () => {
      const namespace = pulumi.output('apps');
      new Monitoring('chat', { ...PLAIN, cluster: 'chat', ...changes, namespace });
      return {};
    },
    { preview },
  );

test('an operator gets scrape targets and alert rules, and Grafana gets dashboards', async () => {
  const recording = await run({ others: { 'cert-manager': CERT_MANAGER } });
  recording.assertChildren('chat', [
    [POD_MONITOR, 'chat-server'],
    [POD_MONITOR, 'chat-edge'],
    [POD_MONITOR, 'chat-cert-manager'],
    [RULE, 'chat-alerts'],
    [CONFIG_MAP, 'chat-chat-game'],
    [CONFIG_MAP, 'chat-chat-edge'],
    [CONFIG_MAP, 'chat-chat-redis'],
  ]);
  const { metadata, data } = recording.one(CONFIG_MAP, 'chat-chat-game').inputs as {
    metadata: { labels: Record<string, string> };
    data: Record<string, string>;
  };
  assert.equal(metadata.labels.grafana_dashboard, '1');
  assert.equal(JSON.parse(data['chat-game.json'] as string).uid, 'chat-game');
});

test('a server without metrics has no monitor, and only the board of its edge', async () => {
  (await run({ server: OTHER.server })).assertChildren('chat', [
    [POD_MONITOR, 'chat-edge'],
    [RULE, 'chat-alerts'],
    [CONFIG_MAP, 'chat-chat-edge'],
  ]);
});

test('the stack comes first, in its own namespace', async () => {
  const recording = await run({ stack: STACK });
  const release = recording.one('kubernetes:helm.sh/v3:Release');
  assert.deepEqual([release.inputs.name, release.inputs.namespace], ['monitoring', 'monitoring']);
  for (const resource of [...recording.all(POD_MONITOR), ...recording.all(RULE)]) {
    assert.ok(resource.dependsOn.includes('chat-stack'), resource.name);
  }
});

test('a preview shows every rule and dashboard', async () => {
  const [before, after] = [await run({ stack: STACK }, true), await run({ stack: STACK })];
  const specs = (recording: typeof after, type: string) => recording.all(type).map(({ inputs }) => inputs);
  for (const type of [RULE, CONFIG_MAP, POD_MONITOR]) {
    assert.deepEqual(specs(before, type), specs(after, type));
    assert.ok(specs(after, type).length > 0);
  }
});

interface Monitor {
  metadata: { name: string; namespace: string };
  spec: {
    podMetricsEndpoints: {
      port: string;
      path: string;
      relabelings?: { targetLabel: string; replacement: string }[];
    }[];
  };
}

test('pods are monitored in their namespace, and shared parts under a name that no two clusters have', async () => {
  const where = (recording: Awaited<ReturnType<typeof run>>, name: string) => {
    const { metadata, spec } = recording.one(POD_MONITOR, name).inputs as unknown as Monitor;
    const endpoints = spec.podMetricsEndpoints.map(({ port, path }) => port + path);
    return [metadata.namespace, metadata.name, ...endpoints];
  };
  const plain = await run({ others: { 'cert-manager': CERT_MANAGER } });
  const own = ['metrics/metrics', 'agent/metrics', 'metrics/refusals'];
  assert.deepEqual(where(plain, 'chat-edge'), ['apps', 'chat-edge', ...own]);
  const manager = ['cert-manager', 'apps-chat-cert-manager', 'http-metrics/metrics'];
  assert.deepEqual(where(plain, 'chat-cert-manager'), manager);
  const controller = await run({ edge: CONTROLLER.edge });
  assert.deepEqual(where(controller, 'chat-edge'), ['gridlock-edge', 'chat-edge', 'stat/metrics', 'stat/refusals']);
});

test('two targets at one port are distinguished', async () => {
  for (const { edge } of [CONTROLLER, PLAIN]) {
    const { spec } = (await run({ edge })).one(POD_MONITOR, 'chat-edge').inputs as unknown as Monitor;
    const labels = spec.podMetricsEndpoints.map(
      ({ port, relabelings = [] }) =>
        relabelings.find(({ targetLabel }) => targetLabel === 'endpoint')?.replacement ?? port,
    );
    assert.equal(new Set(labels).size, labels.length, String(labels));
  }
});

test('a replica or the edge exports every metric of ours that a board or an alert uses', async () => {
  const replica = readFileSync(new URL('../../../services/server/replica.ts', import.meta.url), 'utf8');
  const watched = [...replica.matchAll(/metrics\.watch\('(\w+)'/g)].map(([, name]) => name);
  const told = new Set([
    ...watched,
    ...(await new Metrics('x').registry.getMetricsAsJSON()).map(({ name }) => name),
    ...(await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name),
    ...[...(await new WatchMetrics().text()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name),
    REFUSALS_METRIC,
  ]);
  const shown = [dashboards(PLAIN), localDashboards('gridlock')];
  const text = JSON.stringify([shown, alertRules(PLAIN), localAlertRules('gridlock')]);
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
