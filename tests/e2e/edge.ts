import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { edgePodLabels } from '../../infra/components/edge/names.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { playThrough } from './play.ts';
import type { Scene } from './scenario.ts';
import type { StackSystem, System } from './system.ts';

const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

const podsOf = ({ kubectl }: System, kind: 'haproxy' | 'controller') =>
  kubectl.list('pods', '--selector', selectorOf(edgePodLabels(kind)));

/** The other kind of edge replaces the present one, and then the first kind comes back, while people play. */
export const edgeReplaced = (system: StackSystem): Promise<string> =>
  playThrough(system, async () => {
    const before = system.config.ingress;
    const other = before === 'controller' ? 'haproxy' : 'controller';
    for (const [now, old] of [
      [other, before],
      [before, other],
    ] as const) {
      await system.change({ ingress: now });
      const gone = async () => ((await podsOf(system, old)).length === 0 ? true : undefined);
      await waitFor(gone, { what: `the pods of the edge ${old} to be gone`, timeoutMs: 180_000, intervalMs: 1000 });
      assert.equal((await podsOf(system, now)).length, system.config.ingressReplicas);
    }
    return `${before}, ${other}, ${before}`;
  });

const LOOK_MS = 500;
/** The least time between the first and the last socket that a drain closes. A drain takes 45 s. */
const SPREAD_SECONDS = 20;

/** A pod of the edge that is deleted closes its sockets one after the other, and they reconnect through another pod. */
export async function edgePodRemoved({ system, crowd }: Scene): Promise<string> {
  const { kubectl, config } = system;
  const [victim] = await podsOf(system, config.ingress);
  const name = victim!.metadata.name;
  const before = crowd.reconnects;
  const begun = performance.now();
  const deleted = kubectl.run(['delete', 'pod', name]);
  let isDeleted = false;
  deleted.finally(() => (isDeleted = true)).catch(() => undefined);
  const closedAt: number[] = [];
  while (!isDeleted) {
    await delay(LOOK_MS);
    const closed = crowd.reconnects - before - closedAt.length;
    closedAt.push(...Array.from({ length: Math.max(0, closed) }, () => performance.now() - begun));
  }
  await deleted;
  await waitFor(async () => (crowd.open === crowd.size ? true : undefined), {
    what: 'every socket to be open again',
    timeoutMs: 30_000,
    intervalMs: LOOK_MS,
  });
  await kubectl.settled();
  assert.ok(closedAt.length > 0, 'the pod had sockets');
  const [first, last] = [Math.round(closedAt[0]! / 1000), Math.round(closedAt.at(-1)! / 1000)];
  assert.ok(last - first >= SPREAD_SECONDS, `${closedAt.length} sockets were closed from ${first} to ${last} s`);
  return `${name}: ${closedAt.length} sockets closed from ${first} to ${last} s, all back`;
}
