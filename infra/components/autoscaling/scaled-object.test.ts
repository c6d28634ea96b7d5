import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ScaledObjectArgs, scaledObjectSpec } from './scaled-object.ts';

const args: ScaledObjectArgs = {
  deployment: 'chat',
  min: 2,
  max: 12,
  socketsPerReplica: 1500,
  gauge: { toldBy: 'replicas', metric: 'chat_sockets' },
  url: 'http://chat-sockets.apps.svc:9090/metrics',
  cpu: '700m',
};

interface Spec {
  minReplicaCount: number;
  maxReplicaCount: number;
  fallback: object;
  advanced: { horizontalPodAutoscalerConfig: { name: string; behavior: { scaleDown: object; scaleUp: object } } };
  triggers: { type: string; metricType: string; metadata: Record<string, string> }[];
}
const specOf = (changes: Partial<ScaledObjectArgs> = {}) =>
  scaledObjectSpec({ ...args, ...changes }) as unknown as Spec;

test("the replicas' own gauge is averaged, and compared unchanged", () => {
  const [sockets] = specOf().triggers;
  assert.deepEqual(sockets, {
    type: 'metrics-api',
    metricType: 'Value',
    metadata: {
      url: 'http://chat-sockets.apps.svc:9090/metrics',
      format: 'prometheus',
      valueLocation: 'chat_sockets',
      aggregateFromKubeServiceEndpoints: 'true',
      aggregationType: 'average',
      targetValue: '1500',
    },
  });
});

test("the gauges of the edge's pods are added up, and divided by the replicas", () => {
  const [sockets] = specOf({
    gauge: { toldBy: 'edge', metric: 'haproxy_backend_current_sessions{proxy="a"}' },
  }).triggers;
  assert.deepEqual([sockets?.metricType, sockets?.metadata['aggregationType']], ['AverageValue', 'sum']);
  assert.equal(sockets?.metadata['valueLocation'], 'haproxy_backend_current_sessions{proxy="a"}');
});

test('CPU is the second signal if it is configured', () => {
  assert.deepEqual(specOf().triggers[1], { type: 'cpu', metricType: 'AverageValue', metadata: { value: '700m' } });
  assert.equal(specOf({ cpu: undefined }).triggers.length, 1);
});

test('replicas are added fast and removed one by one', () => {
  const { name, behavior } = specOf().advanced.horizontalPodAutoscalerConfig;
  assert.equal(name, 'chat');
  assert.deepEqual(behavior.scaleDown, {
    stabilizationWindowSeconds: 600,
    selectPolicy: 'Min',
    policies: [{ type: 'Pods', value: 1, periodSeconds: 300 }],
  });
  assert.deepEqual(behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 30 },
      { type: 'Pods', value: 2, periodSeconds: 30 },
    ],
  });
});

test('while the gauge cannot be read, no replica is removed', () => {
  const { minReplicaCount, maxReplicaCount, fallback } = specOf();
  assert.deepEqual([minReplicaCount, maxReplicaCount], [2, 12]);
  assert.deepEqual(fallback, { failureThreshold: 3, replicas: 2, behavior: 'currentReplicasIfHigher' });
});
