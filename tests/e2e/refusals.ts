import assert from 'node:assert/strict';
import type { Settings, StackSystem } from './system.ts';

/** Changes that are always refused, with the expected message. */
const refusals = ({ config }: StackSystem): readonly (readonly [Settings, RegExp])[] => [
  [{ workers: config.workers + 1 }, /workers changes .*run npm run down, then npm run up/],
  [{ namespace: 'other' }, /namespace changes .*a second stack/],
  [{ clusterName: 'other' }, /clusterName changes .*a second stack/],
  [{ redisStorage: '2Gi' }, /redisStorage changes .*a second stack with the new size/],
  [{ redisStorageClass: 'other' }, /redisStorageClass changes .*A volume keeps its class/],
  [{ port: Math.max(config.port, config.httpPort) + 1 }, /port changes .*npm run down/],
  [{ redis: 'external', redisUrl: 'rediss://redis.example' }, /The data in Redis is lost\.[\s\S]*--accept-data-loss/],
];

/** Impossible changes are refused with exit code 2, and nothing in the cluster changes. */
export async function impossibleRefused(system: StackSystem): Promise<string> {
  const versions = async () => {
    const objects = await system.kubectl.list('deployment,statefulset,service,pvc');
    return objects.map(({ metadata: { name, uid, generation } }) => [name, uid, generation]);
  };
  const before = await versions();
  const all = refusals(system);
  for (const [settings, pattern] of all) {
    const said = await system.refused(settings);
    assert.match(said, pattern);
    assert.match(said, /Nothing was changed\./);
  }
  assert.deepEqual(await versions(), before);
  return `${all.length} refused`;
}

/** A flag of one `up` still applies to the next one. */
export async function flagsKept(system: StackSystem): Promise<string> {
  const maxSockets = system.config.maxSockets - 1;
  const { stdout } = await system.changeByFlags(['--max-sockets', String(maxSockets)]);
  assert.match(stdout, /Pulumi\.e2e\.yaml now has maxSockets from the flags\./);
  assert.equal(system.config.maxSockets, maxSockets);
  const told = await system.change({});
  assert.match(told, /^\d+ unchanged$/);
  return told;
}
