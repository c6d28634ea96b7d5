import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNKNOWN } from '../../render/registration.ts';
import { restricted } from './testing/pod-security.ts';
import { DEPLOYMENT, deployment, GRIDLOCK, haproxyArgs, type Made, probesOf, run, SECRET } from './testing.ts';

const haproxyCfg = (recording: Made) =>
  (recording.one(SECRET).inputs['stringData'] as Record<string, string>)['haproxy.cfg']!;

test('the plain edge is its configuration, and pods of two containers', async () => {
  const recording = await run(haproxyArgs);
  recording.assertChildren('edge-haproxy', [
    [SECRET, 'edge-haproxy-config'],
    ['kubernetes:core/v1:ServiceAccount', 'edge-haproxy'],
    [DEPLOYMENT, 'edge-haproxy'],
  ]);
  assert.deepEqual(recording.outputs, { url: 'https://chat.example/', address: 'edge.example' });
});

test('its configuration is a secret, finds the replicas by DNS, and has slots for all replicas of a rollout', async () => {
  const recording = await run({
    ...haproxyArgs,
    server: { ...GRIDLOCK, design: 'stateful' },
    replicas: { ...haproxyArgs.replicas, checkPort: 9090, slots: 40 },
  });
  const text = haproxyCfg(recording);
  assert.match(
    text,
    /server-template ws 1-40 chat-headless\.apps\.svc\.cluster\.local:3000 port 9090 resolvers cluster .* hash-key addr-port/,
  );
  assert.match(text, /bind \*:8443 tcp-ut \d+ms ssl crt "\/etc\/edge\/tls\/tls\.crt"/);
  assert.deepEqual(recording.one(SECRET).secrets, ['stringData']);
});

test("a user's server is reached at its paths, checked at its own path and port, and has its own stickiness", async () => {
  const text = haproxyCfg(
    await run({ ...haproxyArgs, server: { ...haproxyArgs.server, stickiness: { by: 'source' } } }),
  );
  assert.match(text, /chat-headless\.apps\.svc\.cluster\.local:3000 port 3000 /);
  for (const line of ['acl is_socket path /socket', 'balance source', 'http-check send meth GET uri /up ']) {
    assert.ok(text.includes(line), line);
  }
});

test('HAProxy and the agent share socket and certificate, and can write nothing else', async () => {
  const { spec: pod } = deployment(await run(haproxyArgs)).template;
  const [agent] = pod.initContainers;
  const [haproxy] = pod.containers;
  assert.ok(agent && haproxy && pod.initContainers.length === 1 && pod.containers.length === 1);
  assert.deepEqual(
    [haproxy.image, haproxy.command, agent.image, agent.args, agent.restartPolicy],
    [
      'haproxy:3.2',
      ['haproxy', '-db', '-f', '/etc/edge/config/haproxy.cfg'],
      'agent.example/agent:1',
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
    assert.equal(new Set(probesOf(container)).size, 3);
    restricted(pod, container);
    assert.ok(container.ports.every(({ containerPort }) => containerPort > 1024));
  }
});

test('a pod is drained before it is stopped, within its grace period', async () => {
  const { spec: pod } = deployment(await run(haproxyArgs)).template;
  const [agent] = pod.initContainers;
  assert.deepEqual(pod.containers[0]?.lifecycle, { preStop: { httpGet: { port: 9103, path: '/drain' } } });
  const setting = (name: string) => Number(agent?.env?.find((each) => each.name === name)?.value);
  const [accept, spread] = [setting('DRAIN_ACCEPT_MS'), setting('DRAIN_SPREAD_MS')];
  assert.ok(accept >= 5000 && spread > 0);
  assert.ok(pod.terminationGracePeriodSeconds * 1000 >= accept + spread + 10_000);
});

test('pods are replaced one by one, and a changed configuration replaces them', async () => {
  const other = await run({ ...haproxyArgs, limits: { maxConnections: 9000 } });
  const [one, same] = [await run(haproxyArgs), await run(haproxyArgs)];
  assert.deepEqual(deployment(one).strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
  assert.equal(deployment(one).replicas, 2);
  const digest = (recording: Made) => deployment(recording).template.metadata.annotations['gridlock/config'];
  assert.match(digest(one)!, /^[0-9a-f]{16}$/);
  assert.equal(digest(one), digest(same));
  assert.notEqual(digest(one), digest(other));
});

test('behind a balancer that speaks the PROXY protocol no client connects without it', async () => {
  const recording = await run({ ...haproxyArgs, proxyProtocol: true });
  assert.match(haproxyCfg(recording), /bind \*:8443 accept-proxy/);
  const [agent] = deployment(recording).template.spec.initContainers;
  assert.equal(agent?.env?.find(({ name }) => name === 'EDGE_PROXY_PROTOCOL')?.value, 'true');
});

test('in a preview its key is unknown, and with it the configuration; its pods are known', async () => {
  const recording = await run(haproxyArgs, true);
  assert.equal(recording.one(SECRET).inputs['stringData'], UNKNOWN);
  const { metadata, spec: pod } = deployment(recording).template;
  assert.deepEqual(metadata.annotations, { 'gridlock/config': UNKNOWN });
  assert.equal(pod.containers[0]?.image, 'haproxy:3.2');
  assert.equal(recording.outputs.url, undefined);
});
