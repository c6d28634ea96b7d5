import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { drainScript } from './replica-pod.ts';
import { containerOf, deploymentOf, REDIS } from './testing.ts';

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

test('a server gets its port and its name, and its own environment', async () => {
  const { env, ports } = await containerOf({ port: 3000, environment: { LEVEL: 'info' } });
  assert.deepEqual(env, [
    { name: 'APPID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'PORT', value: '3000' },
    { name: 'LEVEL', value: 'info' },
  ]);
  assert.deepEqual(ports, [{ name: 'http', containerPort: 3000 }]);
});

test('without a path a server is up when its port takes a connection, and is not restarted for it', async () => {
  const container = await containerOf();
  for (const probe of ['startupProbe', 'readinessProbe']) {
    assert.deepEqual((container[probe] as { tcpSocket: object }).tcpSocket, { port: 'http' });
  }
  assert.equal('livenessProbe' in container, false);
});

test('with a path it is checked there, by three different probes', async () => {
  const container = await containerOf({ health: { path: '/up', startSeconds: 120 } });
  for (const probe of PROBES) {
    assert.deepEqual((container[probe] as { httpGet: object }).httpGet, { path: '/up', port: 'http' });
  }
  assert.equal(new Set(PROBES.map((probe) => JSON.stringify(container[probe]))).size, 3);
  assert.equal((container['startupProbe'] as { failureThreshold: number }).failureThreshold, 120);
});

test('readiness may be checked at another path and port', async () => {
  const health = { path: '/healthz', port: 9090 };
  const container = await containerOf({ health, readiness: { path: '/readyz', port: 9090 } });
  assert.deepEqual((container['livenessProbe'] as { httpGet: object }).httpGet, { path: '/healthz', port: 'internal' });
  assert.deepEqual((container['readinessProbe'] as { httpGet: object }).httpGet, { path: '/readyz', port: 'internal' });
  assert.deepEqual(container.ports.at(-1), { name: 'internal', containerPort: 9090 });
});

test('it waits before SIGTERM without a shell, and has the time of the drain', async () => {
  const { template } = (await deploymentOf({ drain: { seconds: 60 } })).spec;
  assert.deepEqual(template.spec.containers[0].lifecycle, { preStop: { sleep: { seconds: 10 } } });
  assert.equal(template.spec.terminationGracePeriodSeconds, 80);
});

test("the image's shell sends another signal, and waits until the server has ended", async (t) => {
  const { lifecycle } = await containerOf({ drain: { seconds: 60, signal: 'SIGUSR2' } });
  const [shell, flag, script] = lifecycle.preStop.exec!.command as [string, string, string];
  assert.equal(script, `sleep 10; ${drainScript('SIGUSR2', { drainSeconds: 60 })}`);
  const server = spawn(process.execPath, [
    '-e',
    "process.on('SIGUSR2', () => setTimeout(() => process.exit(7), 50)); console.log('up'); setInterval(() => {}, 1000)",
  ]);
  t.after(() => server.kill('SIGKILL'));
  await once(server.stdout, 'data');
  const hook = spawn(shell, [flag, drainScript('SIGUSR2', { drainSeconds: 60 }, server.pid)]);
  const [[code]] = await Promise.all([once(server, 'exit'), once(hook, 'exit')]);
  assert.equal(code, 7);
});

test('it has no rights that it does not need', async () => {
  const { spec } = (await deploymentOf()).spec.template;
  const [container] = spec.containers;
  assert.deepEqual(
    [spec.serviceAccountName, spec.automountServiceAccountToken, spec.enableServiceLinks],
    ['chat', false, false],
  );
  assert.deepEqual(spec.securityContext, {
    runAsNonRoot: true,
    runAsUser: 10_001,
    runAsGroup: 10_001,
    fsGroup: 10_001,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.equal(container.securityContext['readOnlyRootFilesystem'], true);
  assert.equal(container.securityContext['allowPrivilegeEscalation'], false);
  assert.deepEqual(container.securityContext['capabilities'], { drop: ['ALL'] });
  for (const size of [container.resources.limits, container.resources.requests]) {
    assert.deepEqual(Object.keys(size).sort(), ['cpu', 'ephemeral-storage', 'memory']);
  }
});

test('an image may have its own user, and directories to write to', async () => {
  const { spec } = (await deploymentOf({ runAs: { user: 1000 }, writableDirectories: ['/tmp'] })).spec.template;
  const [{ securityContext, volumeMounts }] = spec.containers;
  const { runAsUser, runAsGroup, fsGroup } = spec.securityContext as Record<string, number>;
  assert.deepEqual([runAsUser, runAsGroup, fsGroup], [1000, 1000, 1000]);
  assert.deepEqual([securityContext['runAsUser'], securityContext['runAsNonRoot']], [1000, true]);
  assert.equal('fsGroup' in securityContext, false);
  assert.deepEqual(volumeMounts, [{ name: 'writable-0', mountPath: '/tmp' }]);
  assert.deepEqual(spec.volumes, [{ name: 'writable-0', emptyDir: { sizeLimit: '64Mi' } }]);
});

test('files of Secrets and ConfigMaps are read-only, those of Redis among them', async () => {
  const files = [
    { name: 'token', directory: '/etc/token', secret: 'chat-token', keys: ['token'] },
    { name: 'rules', directory: '/etc/rules', configMap: 'chat-rules' },
  ];
  const { spec } = (await deploymentOf({ files, redis: REDIS })).spec.template;
  assert.deepEqual(
    spec.containers[0].volumeMounts.map(({ mountPath, readOnly }) => [mountPath, readOnly]),
    [
      ['/etc/token', true],
      ['/etc/rules', true],
      ['/etc/gridlock/redis', true],
      ['/etc/gridlock/redis-trust', true],
    ],
  );
  const [token, rules] = spec.volumes as object[];
  const items = [{ key: 'token', path: 'token' }];
  assert.deepEqual(token, { name: 'token', secret: { secretName: 'chat-token', defaultMode: 0o440, items } });
  assert.deepEqual(rules, { name: 'rules', configMap: { name: 'chat-rules' } });
});

test('the pod options of a cluster are passed on', async () => {
  const pod = {
    imagePullSecrets: ['registry'],
    nodeSelector: { pool: 'sockets' },
    tolerations: [{ key: 'sockets', operator: 'Exists' }],
    priorityClassName: 'high',
    labels: { team: 'chat' },
    volumes: [{ name: 'cache', emptyDir: {} }],
    volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
  };
  const { metadata, spec } = (await deploymentOf({ pod })).spec.template;
  assert.equal(metadata.labels['team'], 'chat');
  assert.deepEqual(spec.imagePullSecrets, [{ name: 'registry' }]);
  assert.deepEqual(
    [spec.nodeSelector, spec.tolerations, spec.priorityClassName, spec.volumes, spec.containers[0].volumeMounts],
    [pod.nodeSelector, pod.tolerations, pod.priorityClassName, pod.volumes, pod.volumeMounts],
  );
});

test('pods are spread over nodes and zones, each version by itself', async () => {
  const spread = async (acrossZones: boolean) =>
    (
      (await deploymentOf({ acrossZones })).spec.template.spec.topologySpreadConstraints as Record<string, unknown>[]
    ).map(({ topologyKey, whenUnsatisfiable, matchLabelKeys }) => [topologyKey, whenUnsatisfiable, matchLabelKeys]);
  const versions = ['pod-template-hash'];
  const [node, zone] = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'];
  assert.deepEqual(await spread(false), [
    [node, 'ScheduleAnyway', versions],
    [zone, 'ScheduleAnyway', versions],
  ]);
  assert.deepEqual((await spread(true))[1], [zone, 'DoNotSchedule', versions]);
});

test('for a server that takes Redis by its address, Kubernetes puts the password into it', async () => {
  const env = [...REDIS.env, { name: 'REDIS_USERNAME', value: 'gridlock' }];
  const told = await containerOf({ redis: { ...REDIS, env } });
  assert.deepEqual(told.env.slice(2), [
    {
      name: 'REDIS_PASSWORD',
      valueFrom: { secretKeyRef: { name: 'chat-redis-password', key: 'password' } },
    },
    { name: 'REDIS_USERNAME', value: 'gridlock' },
    { name: 'REDIS_URL', value: 'rediss://gridlock:$(REDIS_PASSWORD)@chat-redis.apps.svc:6379' },
    { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/gridlock/redis-trust/roots.pem' },
  ]);
});

test('a server that reads the password from its file gets only the address', async () => {
  const { env } = await containerOf({ redis: REDIS, readsRedisFiles: true });
  assert.deepEqual(env.slice(2), REDIS.env);
});
