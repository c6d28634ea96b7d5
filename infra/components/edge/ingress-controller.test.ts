import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restricted } from './testing/pod-security.ts';
import {
  CONFIG_MAP,
  controllerArgs,
  DEPLOYMENT,
  deployment,
  existingArgs,
  type Fields,
  INGRESS,
  of,
  probesOf,
  RELEASE,
  run,
  SECRET,
  SERVICE,
  spec,
} from './testing.ts';

const ROLE = 'kubernetes:rbac.authorization.k8s.io/v1:Role';
const CLUSTER_ROLE = 'kubernetes:rbac.authorization.k8s.io/v1:ClusterRole';
const BINDING = 'kubernetes:rbac.authorization.k8s.io/v1:RoleBinding';
const CLUSTER_BINDING = 'kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding';

const image = `ingress.example/controller@sha256:${'a'.repeat(64)}`;

test('the controller is its definitions, rights, settings, backend, Ingress and pods', async () => {
  const recording = await run(controllerArgs);
  recording.assertChildren('edge', [
    ['random:index/randomPassword:RandomPassword', 'edge-cookie-key'],
    [SERVICE, 'edge'],
    ['kubernetes:policy/v1:PodDisruptionBudget', 'edge'],
    ['gridlock:components:IngressController', 'edge-controller'],
  ]);
  recording.assertChildren('edge-controller', [
    ['gridlock:components:ControllerAccess', 'edge-controller-access'],
    [RELEASE, 'edge-controller-definitions'],
    [of('Global'), 'edge-controller-global'],
    [of('Defaults'), 'edge-controller-defaults'],
    [of('Frontend'), 'edge-controller-frontend-https'],
    [of('Frontend'), 'edge-controller-frontend-http'],
    [of('Frontend'), 'edge-controller-frontend-stats'],
    [CONFIG_MAP, 'edge-controller-settings'],
    [of('Backend'), 'edge-controller-backend'],
    [INGRESS, 'edge-controller'],
    [SECRET, 'edge-controller-key'],
    [DEPLOYMENT, 'edge-controller-pods'],
  ]);
  assert.deepEqual(recording.outputs, { url: 'https://chat.example/', address: 'edge.example' });
});

test('the chart makes definitions and class of this cluster alone, and no workload, service or right', async () => {
  const { inputs } = (await run({ ...controllerArgs, controllerImage: image, imageMirror: 'mirror.example' })).one(
    RELEASE,
  );
  const { chart, version, repositoryOpts, name, namespace, values } = inputs as Fields & { values: Fields };
  assert.deepEqual(
    [chart, version, repositoryOpts, name, namespace],
    ['kubernetes-ingress', '1.52.1', { repo: 'https://charts.example' }, 'chat-edge', 'apps'],
  );
  const { controller, rbac, serviceAccount } = values as { controller: Fields; rbac: object; serviceAccount: object };
  assert.deepEqual(rbac, { create: false });
  assert.deepEqual(serviceAccount, { create: false, name: 'chat-edge-definitions' });
  assert.deepEqual(
    [controller['kind'], controller['service'], controller['ingressClass'], controller['ingressClassResource']],
    ['None', { enabled: false }, 'apps-chat', { name: 'apps-chat' }],
  );
  // The chart joins them with a colon.
  assert.deepEqual(controller['image'], {
    repository: 'mirror.example/ingress.example/controller@sha256',
    tag: 'a'.repeat(64),
  });
});

test('it reads its own namespace, and in the cluster only classes, definitions and names of namespaces', async () => {
  const recording = await run(controllerArgs);
  const role = recording.one(ROLE).inputs as { metadata: Fields; rules: { resources: string[]; verbs: string[] }[] };
  assert.equal(role.metadata['namespace'], 'apps');
  assert.ok(role.rules.some(({ resources }) => resources.includes('secrets')));
  for (const { resources, verbs } of role.rules) {
    const mayChange = verbs.some((verb) => !['get', 'list', 'watch'].includes(verb));
    assert.equal(mayChange, String(resources) === 'ingresses/status', String(resources));
  }
  const named = new Map(
    recording.all(CLUSTER_ROLE).map(({ inputs }) => {
      const { metadata, rules } = inputs as { metadata: { name: string }; rules: Fields[] };
      return [metadata.name, rules];
    }),
  );
  assert.deepEqual([...named.keys()].sort(), ['apps-chat-edge-controller', 'apps-chat-edge-definitions']);
  assert.deepEqual(
    named.get('apps-chat-edge-controller')!.map(({ resources, verbs }) => [String(resources), String(verbs)]),
    ['namespaces', 'ingressclasses', 'customresourcedefinitions'].map((each) => [each, 'get,list,watch']),
  );
  // It makes its own definitions, and changes no other.
  const [make, change] = named.get('apps-chat-edge-definitions')!;
  assert.deepEqual([make!['verbs'], change!['verbs']], [['create'], ['get', 'update']]);
  const names = change!['resourceNames'] as string[];
  assert.ok(names.every((each) => /\.ingress\.v[13]\.haproxy\.org$/.test(each)));
  for (const kind of [BINDING, CLUSTER_BINDING]) {
    for (const { inputs } of recording.all(kind)) {
      const { roleRef, subjects } = inputs as { roleRef: { name: string }; subjects: { name: string }[] };
      assert.match(roleRef.name, /^(apps-)?chat-edge-(controller|definitions)$/);
      assert.equal(subjects.length, 1);
    }
  }
});

test('its pods watch one namespace, class and certificate', async () => {
  const [container] = deployment(await run({ ...controllerArgs, controllerImage: image })).template.spec.containers;
  assert.equal(container?.image, image);
  for (const argument of [
    '--configmap=apps/chat-edge',
    '--default-ssl-certificate=apps/chat-edge-tls',
    '--namespace-whitelist=apps',
    '--ingress.class=apps-chat',
    '--publish-service=apps/chat-edge',
    '--disable-quic',
  ]) {
    assert.ok(container?.args?.includes(argument), argument);
  }
});

test('its pods write only to memory, have limits, and have three different probes', async () => {
  const { spec: pod } = deployment(await run(controllerArgs)).template;
  const [container] = pod.containers;
  assert.ok(container);
  for (const each of [container, ...pod.initContainers]) restricted(pod, each);
  assert.equal(container.securityContext['readOnlyRootFilesystem'], true);
  const volumes = new Map(pod.volumes.map((volume) => [volume.name, volume]));
  for (const { name, readOnly = false } of container.volumeMounts) {
    assert.equal(volumes.get(name)?.emptyDir === undefined, readOnly, name);
  }
  assert.deepEqual(Object.keys(container.resources.limits).sort(), ['cpu', 'ephemeral-storage', 'memory']);
  assert.equal(new Set(probesOf(container)).size, 3);
});

test('a pod is drained before it is stopped, within its grace period', async () => {
  const { spec: pod } = deployment(await run(controllerArgs)).template;
  const [shell, flag, script] = pod.containers[0]?.lifecycle?.preStop.exec?.command ?? [];
  assert.deepEqual([shell, flag], ['/bin/sh', '-c']);
  const [accept, spread] = [/^sleep (\d+)$/m, /^left=(\d+)$/m].map((text) => Number(text.exec(script!)?.[1]));
  assert.ok(accept! >= 5 && spread! > 0);
  assert.ok(pod.terminationGracePeriodSeconds >= accept! + spread! + 10);
});

test('the key behind the cookie is in a Secret, and HAProxy has it from its environment', async () => {
  const recording = await run(controllerArgs);
  assert.equal(spec(recording, 'Backend')['dynamic_cookie_key'], '"${EDGE_COOKIE_KEY}"');
  const { metadata, stringData } = recording.one(SECRET).inputs as { metadata: Fields; stringData: Fields };
  assert.deepEqual([metadata['name'], String(stringData['cookie.key']).length], ['chat-edge-key', 40]);
  assert.deepEqual(recording.one(SECRET).secrets, ['stringData']);
  const [container] = deployment(recording).template.spec.containers;
  assert.deepEqual(container?.env?.find(({ name }) => name === 'EDGE_COOKIE_KEY')?.valueFrom, {
    secretKeyRef: { name: 'chat-edge-key', key: 'cookie.key' },
  });
});

test('the settings bind the custom resources by name', async () => {
  const { metadata, data } = (await run({ ...controllerArgs, proxyProtocol: true })).one(CONFIG_MAP).inputs as Fields;
  assert.equal((metadata as Fields)['name'], 'chat-edge');
  assert.deepEqual(data, {
    'cr-global': 'apps/chat-edge',
    'cr-defaults': 'apps/chat-edge',
    'cr-frontend-https': 'apps/chat-edge-https',
    'cr-frontend-http': 'apps/chat-edge-http',
    'cr-frontend-stats': 'apps/chat-edge-stats',
    'scale-server-slots': '24',
    'tls-alpn': 'h2,http/1.1',
    'proxy-protocol': '0.0.0.0/0,::/0',
  });
});

test('the Ingress binds the backend, has a slot for every replica, and is for any name', async () => {
  const { metadata, spec: ingress } = (await run(controllerArgs)).one(INGRESS).inputs as {
    metadata: Fields;
    spec: Fields;
  };
  assert.deepEqual(metadata['annotations'], {
    'haproxy.org/cr-backend': 'apps/chat-edge',
    'haproxy.org/scale-server-slots': '24',
    'haproxy.org/ssl-redirect': 'false',
    'pulumi.com/skipAwait': 'true',
  });
  assert.deepEqual(ingress, {
    ingressClassName: 'apps-chat',
    tls: [{ hosts: ['chat.example'], secretName: 'chat-edge-tls' }],
    rules: [
      {
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'chat', port: { name: 'http' } } } }],
        },
      },
    ],
  });
});

test('pods are made after everything that they read and removed before it, so that they serve while they drain', async () => {
  const { dependsOn } = (await run(controllerArgs)).one(DEPLOYMENT);
  for (const name of ['edge-controller', 'edge-controller-global', 'edge-controller-settings']) {
    assert.ok(dependsOn.includes(name), name);
  }
});

test('an existing controller is not changed: the rules are with our backend', async () => {
  const recording = await run(existingArgs);
  recording.assertChildren('edge', [
    ['random:index/randomPassword:RandomPassword', 'edge-cookie-key'],
    [of('Backend'), 'edge-backend'],
    [INGRESS, 'edge'],
  ]);
  const backend = spec(recording, 'Backend') as Record<string, unknown[]>;
  assert.ok(backend['http_request_rule_list']!.length > 10);
  assert.doesNotMatch(JSON.stringify(backend), /track/, 'its frontends have no table of ours');
  assert.deepEqual(recording.one(of('Backend')).secrets, ['spec.dynamic_cookie_key']);
  const { metadata, spec: ingress } = recording.one(INGRESS).inputs as {
    metadata: { annotations: Record<string, string> };
    spec: { ingressClassName: string; rules: { host?: string }[] };
  };
  assert.equal(metadata.annotations['haproxy.org/ssl-redirect-code'], '308');
  assert.deepEqual([ingress.ingressClassName, ingress.rules[0]?.host], ['haproxy', 'chat.example']);
});

test('a host that is an address is not in a list of host names', async () => {
  const recording = await run({ ...controllerArgs, host: '2001:db8::7' });
  const { tls } = recording.one(INGRESS).inputs['spec'] as { tls: unknown[] };
  assert.deepEqual(tls, [{ secretName: 'chat-edge-tls' }]);
  assert.equal(recording.outputs.url, 'https://[2001:db8::7]/');
});

test('in a preview the address is not known before the edge serves', async () => {
  const recording = await run(controllerArgs, true);
  assert.equal(recording.outputs.url, undefined);
  assert.equal(recording.all(INGRESS).length, 1);
});
