import assert from 'node:assert/strict';
import type { Settings, StackSystem } from './system.ts';

/** Changes that are never made, with what is said about each. */
const refusals = ({ config }: StackSystem): readonly (readonly [Settings, RegExp])[] => [
  [{ workers: config.workers + 1 }, /workers changes .*npm run down and npm run up make a new one/],
  [{ namespace: 'other' }, /namespace changes .*a second stack/],
  [{ clusterName: 'other' }, /clusterName changes .*a second stack/],
  [{ redisStorage: '2Gi' }, /redisStorage changes .*a second stack with the new size/],
  [{ redisStorageClass: 'other' }, /redisStorageClass changes .*A volume keeps its class/],
  [{ port: Math.max(config.port, config.httpPort) + 1 }, /port changes .*npm run down/],
  [{ redis: 'external', redisUrl: 'rediss://redis.example' }, /The data in Redis is lost\.[\s\S]*--accept-data-loss/],
];

/** They are refused with exit code 2, and nothing in the cluster has changed. */
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

/** What a flag said once holds for the `up` after it. */
export async function flagsKept(system: StackSystem): Promise<string> {
  const maxSockets = system.config.maxSockets - 1;
  const { stdout } = await system.changeByFlags(['--max-sockets', String(maxSockets)]);
  assert.match(stdout, /Pulumi\.e2e\.yaml has maxSockets of the flags now\./);
  assert.equal(system.config.maxSockets, maxSockets);
  const told = await system.change({});
  assert.match(told, /^\d+ unchanged$/);
  return told;
}
