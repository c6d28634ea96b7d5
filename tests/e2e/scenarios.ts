import assert from 'node:assert/strict';
import type { Kubectl, Resource } from '../../infra/cluster/kubectl.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { CLUSTER } from '../../infra/program/names.ts';
import type { GridPlayer } from '../../loadtest/kit/grid-player.ts';
import { grid } from '../../services/apps/grid/grid.ts';
import { createClient } from '../../services/client/node.ts';
import { playThrough } from './play.ts';
import type { System } from './system.ts';

/** Everything runs, with at least the configured number of replicas: the autoscaler begins with one. */
export async function replicasReady({ kubectl, config }: System): Promise<string> {
  const enough = async () => {
    await kubectl.settled();
    const { status } = await kubectl.json<Resource>('get', 'deployment', CLUSTER);
    const ready = Number(status?.['readyReplicas'] ?? 0);
    return ready >= config.replicas ? ready : undefined;
  };
  const ready = await waitFor(enough, { what: `${config.replicas} replicas`, timeoutMs: 180_000, intervalMs: 1000 });
  return `${ready} replicas`;
}

/** The system is up once the first WebSocket opens. */
export async function firstHandshake({ url, rootPem }: System): Promise<string> {
  const client = createClient({ room: grid, url, ca: rootPem });
  try {
    await client.connect();
    return `welcomed by ${client.health.replica}`;
  } finally {
    client.close();
  }
}

/** Every pod complies with `restricted`, including pods that were admitted earlier. */
export async function underRestricted({ kubectl, config }: System): Promise<string> {
  const name = config.namespace;
  const { metadata } = await kubectl.json<Resource>('get', 'namespace', name);
  assert.equal(metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
  // The API server lists the pods that violate a level.
  const violations = async (namespace: string) => {
    const before = kubectl.warnings.length;
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    await kubectl.run(['label', '--dry-run=server', '--overwrite', 'namespace', namespace, label]);
    return kubectl.warnings.slice(before).filter((line) => line.includes('PodSecurity'));
  };
  assert.deepEqual(await violations(name), []);
  assert.notDeepEqual(await violations('kube-system'), [], 'it lists violations');
  const pods = await kubectl.list('pods');
  return `${pods.length} pods of ${name} violate nothing`;
}

/** A client that does not trust the root cannot connect. */
export async function onlyTheRootIsTrusted(system: System): Promise<string> {
  const client = createClient({ room: grid, url: system.url });
  try {
    const refused = new Promise<string>((resolve) => {
      client.on('state', ({ message }) => message !== undefined && resolve(message));
      client.on('error', ({ message }) => resolve(message));
    });
    client.connect().catch(() => undefined);
    const message = await refused;
    assert.match(message, /certificate/i);
    return message;
  } finally {
    client.close();
  }
}

export const game = (system: System): Promise<string> =>
  playThrough(system, async (players) => `on ${players.map(({ replica }) => replica).join(', ')}`);

/** The pod that a player is connected to dies without warning. */
export const podKilled = (system: System): Promise<string> =>
  playThrough(system, async (players) => {
    const victim = players[0] as GridPlayer;
    const { replica } = victim;
    await system.kubectl.run(['delete', 'pod', replica, '--grace-period=0', '--force']);
    await victim.reconnected();
    await system.kubectl.settled();
    return `${replica} killed`;
  });

/** Every replica is replaced, one by one. */
export const rollingUpdate = (system: System): Promise<string> =>
  playThrough(system, async () => {
    const names = async () => (await system.kubectl.pods('server')).map(({ metadata }) => metadata.name);
    const before = await names();
    const told = await system.rollOut();
    const after = await names();
    assert.deepEqual(
      after.filter((name) => before.includes(name)),
      [],
      'every replica is a new one',
    );
    return `${before.length} replicas replaced, ${told}`;
  });

/** The node with the most replicas, except the node of Redis, whose volume is tied to it. */
async function nodeToDrain(kubectl: Kubectl): Promise<string> {
  const [game, redis] = await Promise.all([kubectl.pods('server'), kubectl.pods('redis')]);
  const kept = new Set(redis.map(({ spec }) => spec.nodeName));
  const counts = new Map<string, number>();
  for (const { spec } of game) {
    if (!kept.has(spec.nodeName)) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  assert.ok(most, 'a node without Redis has a replica');
  return most[0];
}

/** A node is drained as for maintenance. */
export const nodeDrained = (system: System): Promise<string> =>
  playThrough(system, async () => {
    const { kubectl } = system;
    const node = await nodeToDrain(kubectl);
    try {
      await kubectl.run(['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=300s']);
      await kubectl.settled();
      const left = (await kubectl.pods('server')).filter(({ spec }) => spec.nodeName === node);
      assert.equal(left.length, 0, 'no replica is left on the node');
    } finally {
      await kubectl.run(['uncordon', node]);
    }
    return node;
  });

/** One replica may be evicted; the next only when another has taken its place. */
export async function budgetKept({ kubectl, config }: System): Promise<string> {
  await kubectl.settled();
  const pods = (await kubectl.pods('server')).map(({ metadata }) => metadata.name);
  const evict = (name: string) => {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: config.namespace } };
    const path = `/api/v1/namespaces/${config.namespace}/pods/${name}/eviction`;
    return kubectl.run(['create', '--raw', path, '--filename', '-'], JSON.stringify(eviction));
  };
  await evict(pods[0]!);
  await assert.rejects(evict(pods[1]!), /disruption budget|TooManyRequests/);
  await kubectl.settled();
  return `${pods[0]} evicted, ${pods[1]} refused`;
}

interface Autoscaler extends Resource {
  status?: { currentMetrics?: { type: string; external?: { current: { value?: string } } }[] };
}

/** Opens sockets until the autoscaler adds a replica, and waits until it serves. */
export async function scaledOut(system: System, grow: (count: number) => Promise<void>): Promise<string> {
  const { kubectl, config } = system;
  const replicas = async () => {
    const { spec, status } = await kubectl.json<Resource>('get', 'deployment', CLUSTER);
    return { wanted: Number(spec?.['replicas']), ready: Number(status?.['readyReplicas'] ?? 0) };
  };
  const sockets = async () => {
    const { status } = await kubectl.json<Autoscaler>('get', 'hpa', CLUSTER);
    const text = status?.currentMetrics?.find(({ type }) => type === 'External')?.external?.current.value;
    // A quantity: 97500m is 97.5.
    return text === undefined ? undefined : Number.parseInt(text, 10) / (text.endsWith('m') ? 1000 : 1);
  };
  const what = 'KEDA to report the sockets of the pods';
  await waitFor(sockets, { what, timeoutMs: 120_000, intervalMs: 2000 });
  const before = await replicas();
  const wanted = Math.ceil(before.wanted * config.socketsPerReplica * 1.3);
  await grow(wanted);
  const more = async () => {
    const now = await replicas();
    return now.wanted > before.wanted && now.ready > before.ready ? now : undefined;
  };
  const now = await waitFor(more, { what: 'one more ready replica', timeoutMs: 240_000, intervalMs: 2000 });
  const load = `${await sockets()} a replica where ${config.socketsPerReplica} are wanted`;
  return `${wanted} sockets, ${load}: ${before.wanted} replicas became ${now.wanted}`;
}
