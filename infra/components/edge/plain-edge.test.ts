import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { stackConfig } from '../../config/config.ts';
import { createEdge } from '../../program/parts.ts';
import { record } from '../../render/recorder.ts';
import { UNKNOWN } from '../../render/registration.ts';

const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
const SERVICE = 'kubernetes:core/v1:Service';
const SECRET = 'kubernetes:core/v1:Secret';

const run = (values: Record<string, string> = {}, preview = false) =>
  record(
    () => {
      const { url, address } = createEdge('edge', {
        config: stackConfig('dev', { 'gridlock:ingress': 'haproxy', ...values }),
        namespace: pulumi.output('gridlock'),
        game: { service: 'game', headlessService: 'game-headless' },
        certificates: { edgeSecret: pulumi.output('gridlock-edge-tls') },
        image: 'gridlock/game:1',
      });
      return { url, address };
    },
    { preview },
  );
type Made = Awaited<ReturnType<typeof run>>;

interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  restartPolicy?: string;
  env?: { name: string; value: string }[];
  ports: { name: string; containerPort: number }[];
  lifecycle?: object;
  securityContext: Record<string, unknown>;
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  startupProbe: object;
  readinessProbe: object;
  livenessProbe: object;
}
interface Pod {
  initContainers: Container[];
  containers: Container[];
  volumes: object[];
  terminationGracePeriodSeconds: number;
  automountServiceAccountToken: boolean;
  securityContext: Record<string, unknown>;
}
interface DeploymentSpec {
  replicas: number;
  strategy: object;
  template: { metadata: { annotations: Record<string, string> }; spec: Pod };
}
const deployment = (recording: Made) => recording.one(DEPLOYMENT).inputs['spec'] as DeploymentSpec;
const inputsOf = (recording: Made, type: string) => recording.one(type).inputs;
const haproxyCfg = (recording: Made) =>
  (recording.one(SECRET).inputs['stringData'] as Record<string, string>)['haproxy.cfg']!;

test('the plain edge is its configuration, pods of two containers, a Service and a budget', async () => {
  const recording = await run();
  recording.assertChildren('edge', [
    ['random:index/randomPassword:RandomPassword', 'edge-cookie-key'],
    [SECRET, 'edge-config'],
    ['kubernetes:core/v1:ServiceAccount', 'edge'],
    [DEPLOYMENT, 'edge'],
    [SERVICE, 'edge'],
    ['kubernetes:policy/v1:PodDisruptionBudget', 'edge'],
  ]);
  assert.deepEqual(recording.outputs, { url: 'https://localhost:8443/', address: '127.0.0.1' });
});

test('its configuration, a secret, finds the replicas by DNS and has room for all of a rollout', async () => {
  const recording = await run({ 'gridlock:design': 'stateful', 'gridlock:maxReplicas': '20' });
  const text = haproxyCfg(recording);
  assert.match(
    text,
    /server-template ws 1-40 game-headless\.gridlock\.svc\.cluster\.local:8080 port 9090 resolvers cluster .* hash-key addr-port/,
  );
  assert.match(text, /bind \*:8443 tcp-ut \d+ms ssl crt "\/etc\/edge\/tls\/tls\.crt"/);
  assert.deepEqual(recording.one(SECRET).secrets, ['stringData']);
});

test('HAProxy and the agent share socket and certificate, and can write nothing else', async () => {
  const { spec: pod } = deployment(await run()).template;
  const [agent] = pod.initContainers;
  const [haproxy] = pod.containers;
  assert.ok(agent && haproxy && pod.initContainers.length === 1 && pod.containers.length === 1);
  assert.deepEqual(
    [haproxy.image, haproxy.command, agent.image, agent.args, agent.restartPolicy],
    [
      'haproxy:3.2',
      ['haproxy', '-db', '-f', '/etc/edge/config/haproxy.cfg'],
      'gridlock/game:1',
      ['/app/edge-agent.mjs'],
      'Always',
    ],
  );
  const shared = agent.volumeMounts.map(({ mountPath }) => mountPath);
  assert.deepEqual(shared, ['/etc/edge/tls', '/run/edge']);
  for (const container of [agent, haproxy]) {
    assert.deepEqual(
      [container.securityContext['readOnlyRootFilesystem'], container.securityContext['allowPrivilegeEscalation']],
      [true, false],
    );
    const writable = container.volumeMounts.filter(({ readOnly }) => !readOnly);
    assert.deepEqual(writable, [{ name: 'run', mountPath: '/run/edge' }]);
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    assert.equal(new Set(probes.map((each) => JSON.stringify(each))).size, 3);
    assert.ok(container.ports.every(({ containerPort }) => containerPort > 1024));
  }
  assert.deepEqual([pod.automountServiceAccountToken, pod.securityContext['runAsNonRoot']], [false, true]);
});

test('a pod is emptied before it is stopped, within the time it has', async () => {
  const { spec: pod } = deployment(await run()).template;
  const [agent] = pod.initContainers;
  assert.deepEqual(pod.containers[0]?.lifecycle, { preStop: { httpGet: { port: 9103, path: '/drain' } } });
  const setting = (name: string) => Number(agent?.env?.find((each) => each.name === name)?.value);
  const [accept, spread] = [setting('DRAIN_ACCEPT_MS'), setting('DRAIN_SPREAD_MS')];
  assert.ok(accept >= 5000 && spread > 0);
  assert.ok(pod.terminationGracePeriodSeconds * 1000 >= accept + spread + 10_000);
});

test('pods are replaced one by one, and a changed configuration replaces them', async () => {
  const [one, same, other] = [await run(), await run(), await run({ 'gridlock:maxConnections': '9000' })];
  assert.deepEqual(deployment(one).strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
  assert.equal(deployment(one).replicas, 2);
  const digest = (recording: Made) => deployment(recording).template.metadata.annotations['gridlock/config'];
  assert.match(digest(one)!, /^[0-9a-f]{16}$/);
  assert.equal(digest(one), digest(same));
  assert.notEqual(digest(one), digest(other));
  const { spec } = inputsOf(one, 'kubernetes:policy/v1:PodDisruptionBudget') as {
    spec: Record<string, unknown>;
  };
  assert.deepEqual([spec['maxUnavailable'], spec['unhealthyPodEvictionPolicy']], [1, 'AlwaysAllow']);
});

test('on kind it is reached by fixed ports of the nodes, elsewhere by a load balancer', async () => {
  const { ports, type } = inputsOf(await run(), SERVICE)['spec'] as { ports: object[]; type: string };
  assert.equal(type, 'NodePort');
  assert.deepEqual(ports, [
    { name: 'https', port: 8443, targetPort: 'https', nodePort: 30_443 },
    { name: 'http', port: 8080, targetPort: 'http', nodePort: 30_080 },
  ]);
  const cloud = await run({
    'gridlock:cluster': 'existing',
    'gridlock:context': 'there',
    'gridlock:image': 'registry.example/gridlock:1',
    'gridlock:proxyProtocol': 'true',
  });
  const service = inputsOf(cloud, SERVICE)['spec'] as { type: string; externalTrafficPolicy?: string };
  assert.deepEqual([service.type, service.externalTrafficPolicy], ['LoadBalancer', undefined]);
  assert.match(haproxyCfg(cloud), /bind \*:8443 accept-proxy/);
  assert.equal(cloud.outputs.address, 'edge.example');
});

test('a cluster of others has the same ports of its nodes, where it is to have some', async () => {
  const { inputs } = (
    await run({
      'gridlock:cluster': 'existing',
      'gridlock:context': 'there',
      'gridlock:image': 'registry.example/gridlock:1',
      'gridlock:ingressService': 'NodePort',
    })
  ).one(SERVICE);
  const { type, ports } = inputs['spec'] as { type: string; ports: { nodePort: number }[] };
  assert.deepEqual([type, ...ports.map(({ nodePort }) => nodePort)], ['NodePort', 30_443, 30_080]);
});

test('in a preview its key is unknown, and with it the configuration; its pods are known', async () => {
  const recording = await run({}, true);
  assert.equal(inputsOf(recording, SECRET)['stringData'], UNKNOWN);
  const { metadata, spec: pod } = deployment(recording).template;
  assert.deepEqual(metadata.annotations, { 'gridlock/config': UNKNOWN });
  assert.equal(pod.containers[0]?.image, 'haproxy:3.2');
  assert.equal(recording.outputs.url, undefined);
});
