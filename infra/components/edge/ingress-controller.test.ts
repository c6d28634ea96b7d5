import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloud, controller, type Fields, INGRESS, of, RELEASE, run, spec } from './testing.ts';

test('the controller is its release, its settings, the backend and the Ingress', async () => {
  const recording = await run();
  recording.assertChildren('edge', [
    ['gridlock:components:Namespace', 'edge-namespace'],
    [RELEASE, 'kubernetes-ingress'],
    [of('Global'), 'edge-global'],
    [of('Defaults'), 'edge-defaults'],
    [of('Frontend'), 'edge-https-frontend'],
    [of('Frontend'), 'edge-http-frontend'],
    [of('Frontend'), 'edge-stats-frontend'],
    ['random:index/randomPassword:RandomPassword', 'edge-cookie-key'],
    [of('Backend'), 'game-backend'],
    [INGRESS, 'edge'],
  ]);
  assert.deepEqual(recording.outputs, { url: 'https://localhost:8443/', address: '127.0.0.1' });
  for (const kind of ['Global', 'Defaults', 'Frontend']) {
    for (const { dependsOn } of recording.all(of(kind))) assert.ok(dependsOn.includes('kubernetes-ingress'));
  }
  assert.ok(recording.one(INGRESS).dependsOn.includes('game-backend'));
});

test('the release is the pinned chart with its settings bound by name, and no open door', async () => {
  const recording = await run();
  const { chart, version, repositoryOpts, name, namespace } = recording.one(RELEASE).inputs as Fields;
  assert.deepEqual(
    [chart, version, repositoryOpts, name, namespace],
    [
      'kubernetes-ingress',
      '1.52.1',
      { repo: 'https://haproxytech.github.io/helm-charts' },
      'kubernetes-ingress',
      'haproxy-controller',
    ],
  );
  const { config, service, lifecycle, ...values } = controller(recording);
  assert.deepEqual(config, {
    'cr-global': 'haproxy-controller/edge',
    'cr-defaults': 'haproxy-controller/edge',
    'cr-frontend-https': 'haproxy-controller/edge-https',
    'cr-frontend-http': 'haproxy-controller/edge-http',
    'cr-frontend-stats': 'haproxy-controller/edge-stats',
    'scale-server-slots': '24',
    'tls-alpn': 'h2,http/1.1',
  });
  assert.deepEqual(service, {
    type: 'NodePort',
    annotations: {},
    ports: { http: 8080, https: 8443 },
    nodePorts: { https: 30_443, http: 30_080 },
    enablePorts: { http: true, https: true, quic: false, stat: false, admin: false },
  });
  assert.match(JSON.stringify(lifecycle), /kill -USR1/);
  const { unprivileged, pprof, replicaCount, PodDisruptionBudget: budget, defaultTLSSecret: fallback } = values;
  assert.deepEqual(
    [unprivileged, pprof, replicaCount, budget, fallback],
    [
      true,
      { enabled: false },
      2,
      { enable: true, maxUnavailable: 1 },
      { enabled: true, secretNamespace: 'gridlock', secret: 'gridlock-edge-tls' },
    ],
  );
});

test('in the cloud it is a load balancer that keeps or tells the addresses of clients', async () => {
  const { service, config } = controller(await run(cloud));
  assert.deepEqual(service, {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    annotations: {},
    ports: { http: 80, https: 443 },
    nodePorts: {},
    enablePorts: { http: true, https: true, quic: false, stat: false, admin: false },
  });
  assert.equal(config['proxy-protocol'], undefined);
  const proxied = await run({ ...cloud, 'gridlock:proxyProtocol': 'true' });
  assert.equal(controller(proxied).config['proxy-protocol'], '0.0.0.0/0,::/0');
  const rules = spec(proxied, 'Frontend', 'edge-https-frontend')['tcp_request_rule_list'] as {
    type: string;
  }[];
  assert.deepEqual([...new Set(rules.map(({ type }) => type))], ['session']);
});

test('the Ingress binds the backend, has a slot for every replica, and is for any name', async () => {
  const recording = await run({ 'gridlock:maxReplicas': '30' });
  const { metadata, spec: ingress } = recording.one(INGRESS).inputs as { metadata: Fields; spec: Fields };
  assert.deepEqual(metadata['annotations'], {
    'haproxy.org/cr-backend': 'gridlock/game',
    'haproxy.org/scale-server-slots': '60',
    'haproxy.org/ssl-redirect': 'false',
  });
  assert.deepEqual(ingress, {
    ingressClassName: 'haproxy',
    tls: [{ hosts: ['localhost'], secretName: 'gridlock-edge-tls' }],
    rules: [
      {
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'game', port: { name: 'http' } } } }],
        },
      },
    ],
  });
});

test('on a controller of others nothing of theirs is changed: the rules are with our backend', async () => {
  const recording = await run({
    ...cloud,
    'gridlock:charts': JSON.stringify({ ingress: { install: false } }),
  });
  recording.assertChildren('edge', [
    ['random:index/randomPassword:RandomPassword', 'edge-cookie-key'],
    [of('Backend'), 'game-backend'],
    [INGRESS, 'edge'],
  ]);
  const backend = spec(recording, 'Backend') as Record<string, unknown[]>;
  assert.ok(backend['http_request_rule_list']!.length > 10);
  assert.doesNotMatch(JSON.stringify(backend), /track/, 'their frontends have no table of ours');
  const { metadata, spec: ingress } = recording.one(INGRESS).inputs as {
    metadata: { annotations: Record<string, string> };
    spec: { rules: { host?: string }[] };
  };
  assert.equal(metadata.annotations['haproxy.org/ssl-redirect-code'], '308');
  assert.equal(ingress.rules[0]?.host, 'game.example');
});

test('a host that is an address is in no list of host names', async () => {
  const recording = await run({ ...cloud, 'gridlock:host': '203.0.113.7' });
  const { tls } = recording.one(INGRESS).inputs['spec'] as { tls: unknown[] };
  assert.deepEqual(tls, [{ secretName: 'gridlock-edge-tls' }]);
  assert.equal(recording.outputs.url, 'https://203.0.113.7/');
});

test('in a preview the address of the players is not known before the edge serves', async () => {
  const recording = await run({}, true);
  assert.equal(recording.outputs.url, undefined);
  assert.equal(recording.all(INGRESS).length, 1);
});

test('a cluster of others has the same ports of its nodes, where it is to have some', async () => {
  const { service } = controller(await run({ ...cloud, 'gridlock:ingressService': 'NodePort' }));
  assert.deepEqual(
    [(service as Fields)['type'], (service as Fields)['nodePorts']],
    ['NodePort', { https: 30_443, http: 30_080 }],
  );
});
