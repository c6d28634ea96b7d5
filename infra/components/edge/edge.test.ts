import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackConfig } from '../../config/config.ts';
import { edgeLimits } from '../../config/edge-settings.ts';
import { USUAL_LIMITS } from '../../edge/settings.ts';
import { record } from '../../render/recorder.ts';
import { Edge } from './edge.ts';
import { loadBalancerAnnotations } from './load-balancer.ts';
import { controllerArgs, DEPLOYMENT, deployment, haproxyArgs, type Made, run, SERVICE } from './testing.ts';

const inputsOf = (recording: Made, type: string) => recording.one(type).inputs as { metadata: object; spec: object };

test('a change of the kind leaves Service, budget and key as they are, with both kinds of pods behind the Service', async () => {
  const [haproxy, controller] = [await run(haproxyArgs), await run(controllerArgs)];
  for (const type of [SERVICE, 'kubernetes:policy/v1:PodDisruptionBudget']) {
    assert.deepEqual(inputsOf(haproxy, type), inputsOf(controller, type));
    assert.equal(haproxy.one(type).name, controller.one(type).name);
  }
  const { selector } = inputsOf(haproxy, SERVICE).spec as { selector: Record<string, string> };
  const [one, other] = [haproxy, controller].map((recording) => {
    const { name } = (recording.one(DEPLOYMENT).inputs as { metadata: { name: string } }).metadata;
    const { selector: own, template } = deployment(recording);
    for (const [label, value] of Object.entries(selector)) assert.equal(template.metadata.labels[label], value);
    return { name, own: JSON.stringify(own) };
  });
  assert.notEqual(one?.name, other?.name);
  assert.notEqual(one?.own, other?.own, 'neither Deployment takes the pods of the other');
});

test('two edges in one namespace, and two of one name in two namespaces, have no object in common', async () => {
  for (const kind of [haproxyArgs, controllerArgs]) {
    const { registrations } = await record(() => {
      for (const [name, namespace, cluster] of [
        ['a', 'apps', 'chat'],
        ['b', 'apps', 'news'],
        ['c', 'more', 'chat'],
      ] as const) {
        new Edge(name, { ...kind, namespace, cluster });
      }
      return {};
    });
    const names = registrations
      .filter(({ inputs }) => inputs['metadata'] !== undefined)
      .map(({ type, inputs }) => {
        const { name, namespace = '' } = inputs['metadata'] as { name: string; namespace?: string };
        return `${type} ${namespace}/${name}`;
      });
    assert.equal(new Set(names).size, names.length, String(names.filter((each, at) => names.indexOf(each) !== at)));
  }
});

test('it is reached by a load balancer that keeps or passes on the addresses of clients, or by ports of the nodes', async () => {
  const service = async (changes: Partial<typeof haproxyArgs>) =>
    inputsOf(await run({ ...haproxyArgs, ...changes }), SERVICE).spec as Record<string, unknown>;
  const { selector: _, ...balanced } = await service({});
  assert.deepEqual(balanced, {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    ports: [
      { name: 'https', port: 443, targetPort: 'https' },
      { name: 'http', port: 80, targetPort: 'http' },
    ],
  });
  assert.equal((await service({ proxyProtocol: true }))['externalTrafficPolicy'], undefined);
  const nodePorts = { https: 30_443, http: 30_080 };
  const { type, ports } = await service({
    ports: { https: 8443, http: 8080 },
    service: { type: 'NodePort', nodePorts },
  });
  assert.deepEqual(
    [type, ports],
    [
      'NodePort',
      [
        { name: 'https', port: 8443, targetPort: 'https', nodePort: 30_443 },
        { name: 'http', port: 8080, targetPort: 'http', nodePort: 30_080 },
      ],
    ],
  );
});

test('pods get the configured placement and resources', async () => {
  for (const kind of [haproxyArgs, controllerArgs]) {
    const { replicas, template } = deployment(
      await run({
        ...kind,
        pods: 3,
        pod: {
          imagePullSecrets: ['registry'],
          nodeSelector: { pool: 'edge' },
          tolerations: [{ key: 'edge', operator: 'Exists' }],
          priorityClassName: 'high',
          annotations: { 'example.org/a': 'b' },
          labels: { team: 'chat' },
          volumes: [{ name: 'more', emptyDir: {} }],
          volumeMounts: [{ name: 'more', mountPath: '/more' }],
        },
      }),
    );
    const { spec: pod, metadata } = template;
    assert.equal(replicas, 3);
    assert.deepEqual(
      [pod['imagePullSecrets'], pod['nodeSelector'], pod['tolerations'], pod['priorityClassName']],
      [[{ name: 'registry' }], { pool: 'edge' }, [{ key: 'edge', operator: 'Exists' }], 'high'],
    );
    assert.deepEqual([metadata.annotations['example.org/a'], metadata.labels['team']], ['b', 'chat']);
    assert.ok(pod.volumes.some(({ name }) => name === 'more'));
    assert.ok(pod.containers[0]?.volumeMounts.some(({ mountPath }) => mountPath === '/more'));
  }
});

test('the usual limits are the defaults of the configuration', () => {
  assert.deepEqual(USUAL_LIMITS, edgeLimits(stackConfig('dev', {})));
});

test('each cloud gets the settings that its load balancer needs, and external-dns the name', () => {
  assert.deepEqual(loadBalancerAnnotations(undefined), {});
  assert.deepEqual(loadBalancerAnnotations('gke'), { 'cloud.google.com/l4-rbs': 'enabled' });
  assert.deepEqual(loadBalancerAnnotations('aks', { dnsName: 'chat.example' }), {
    'service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout': '30',
    'external-dns.alpha.kubernetes.io/hostname': 'chat.example',
  });
  const [target] = Object.entries(loadBalancerAnnotations('eks', { proxyProtocol: true })).filter(([name]) =>
    name.endsWith('target-group-attributes'),
  );
  assert.match(String(target), /proxy_protocol_v2\.enabled=true/);
});
