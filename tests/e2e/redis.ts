import assert from 'node:assert/strict';
import { CLUSTER } from '../../infra/program/names.ts';
import { playThrough } from './play.ts';
import type { StackSystem, System } from './system.ts';

const REDIS = `${CLUSTER}-redis`;

/** One Redis becomes three, and then one again. The players' histories show that nothing acknowledged is lost. */
export const redisReshaped = (system: StackSystem): Promise<string> =>
  playThrough(system, async () => {
    const { kubectl } = system;
    const [first] = await kubectl.pods('redis');
    await system.change({ redis: 'sentinel' });
    await kubectl.settled();
    assert.equal((await kubectl.pods('redis')).length, 3);
    await system.change({ redis: 'single' });
    await kubectl.settled();
    const left = await kubectl.pods('redis');
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name),
      [first!.metadata.name],
    );
    return 'one, three, one';
  });

/** `kubectl drain` does not evict a single Redis, and says why. */
export async function redisKept({ kubectl, config }: System): Promise<string> {
  if (config.redis !== 'single') return `redis is ${config.redis}`;
  await kubectl.settled();
  const [before] = await kubectl.pods('redis');
  const node = before!.spec.nodeName;
  try {
    const drained = kubectl.run(['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=30s']);
    await assert.rejects(drained, new RegExp(`${REDIS}-0[\\s\\S]*disruption budget`));
    const [after] = await kubectl.pods('redis');
    assert.equal(after!.metadata.uid, before!.metadata.uid);
  } finally {
    await kubectl.run(['uncordon', node]);
    await kubectl.settled();
  }
  return `${node} keeps ${before!.metadata.name}`;
}
