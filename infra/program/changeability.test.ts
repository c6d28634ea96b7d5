// Compares the table of changes with the pods that the program makes.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { CHANGEABILITY } from '../config/changeability.ts';
import { stackConfig } from '../config/config.ts';
import type { Key } from '../config/keys.ts';
import { record } from '../render/recorder.ts';
import { gridlock } from './gridlock.ts';
import { CLUSTER } from './names.ts';

/** Another value for keys that other tests do not change. */
const OTHER: Partial<Record<Key, string>> = {
  replicas: '5',
  design: 'stateful',
  app: 'counter',
  host: 'play.example.com',
  tlsMinVersion: '1.2',
  heartbeatMs: '12000',
  drainMs: '3000',
  rebalancePercent: '5',
  sessionSeconds: '600',
  allowedOrigins: 'https://a.example',
  maxSockets: '100',
  maxGames: '100',
  maxConnections: '1000',
  handshakeRate: '100',
  headerTimeoutMs: '1000',
  image: 'registry.example/game:2',
  imageMirror: 'mirror.example',
  imageBuilder: 'classic',
  haproxyImage: 'haproxy:3.2.1',
  ingress: 'haproxy',
  ingressReplicas: '3',
  redis: 'sentinel',
  redisImage: 'redis:8.0.1',
  redisMemoryMib: '512',
  redisPersistence: 'everysec',
  autoscaling: 'none',
  maxReplicas: '14',
  socketsPerReplica: '100',
  monitoring: 'operator',
  pki: '{"leaf":2}',
};

interface Workload {
  readonly spec: { readonly template: unknown };
}

/** The pods of replicas and of Redis, as the API server would be told, when a key has a value. */
async function pods(values: Readonly<Record<string, string>>): Promise<{ replicas: string; redis: string }> {
  const named = Object.entries(values).map(([key, value]) => [`gridlock:${key}`, value]);
  const recording = await record(() => gridlock(stackConfig('dev', Object.fromEntries(named))));
  const templateOf = (type: string, name: string) =>
    JSON.stringify((recording.one(type, name).inputs as unknown as Workload).spec.template);
  return {
    replicas: templateOf('kubernetes:apps/v1:Deployment', CLUSTER),
    redis: templateOf('kubernetes:apps/v1:StatefulSet', `${CLUSTER}-redis`),
  };
}

let asItIs: Awaited<ReturnType<typeof pods>>;
before(async () => {
  asItIs = await pods({});
});

for (const [key, value] of Object.entries(OTHER)) {
  const { effect, cost } = CHANGEABILITY[key as Key];
  const says = `${effect} ${cost}`;
  const [rolls, restarts] = [/replicas are replaced/.test(says), /Redis restarts|restarts Redis/.test(says)];
  test(`${key} ${rolls ? 'replaces the replicas' : 'leaves the replicas'} and ${restarts ? 'restarts' : 'leaves'} Redis`, async () => {
    const changed = await pods({ [key]: value });
    assert.equal(changed.replicas !== asItIs.replicas, rolls, 'the replicas');
    assert.equal(changed.redis !== asItIs.redis, restarts, 'Redis');
  });
}
