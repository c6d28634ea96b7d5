import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kubectl, Pod } from '../../infra/cluster/kubectl.ts';
import { KindCluster, kindTarget } from './kind-target.ts';

const pod = (name: string): Pod => ({
  metadata: { name },
  spec: { nodeName: 'node' },
  status: { phase: 'Running', containerStatuses: [] },
});

/** A namespace whose pods are replaced by a restart. */
class FakeKubectl {
  readonly asked: string[] = [];
  readonly #after: readonly string[];
  #names: readonly string[];

  constructor(before: readonly string[], after: readonly string[]) {
    this.#names = before;
    this.#after = after;
  }

  async pods(): Promise<Pod[]> {
    return this.#names.map(pod);
  }

  async list(): Promise<Pod[]> {
    return this.pods();
  }

  async run(args: readonly string[]): Promise<string> {
    this.asked.push(args.join(' '));
    this.#names = this.#after;
    return '';
  }

  async settled(): Promise<void> {
    this.asked.push('settled');
  }
}

const rolledOut = (before: readonly string[], after: readonly string[]) => {
  const kubectl = new FakeKubectl(before, after);
  const cluster = new KindCluster([kubectl as unknown as Kubectl]);
  return { kubectl, done: cluster.rollOut(kubectl as unknown as Kubectl, 'gridlock') };
};

test('a rollout is over when every workload matches its specification and every pod is new', async () => {
  const { kubectl, done } = rolledOut(['a', 'b'], ['c', 'd']);
  assert.equal(await done, '2 replicas replaced');
  assert.deepEqual(kubectl.asked, ['rollout restart deployment/gridlock', 'settled']);
});

test('a rollout that leaves a pod behind has failed', async () => {
  await assert.rejects(rolledOut(['a', 'b'], ['b', 'c']).done, /the rollout is over, and b was not replaced/i);
});

test('a part without a pod cannot be killed', async () => {
  const kubectl = new FakeKubectl([], []) as unknown as Kubectl;
  const cluster = new KindCluster([kubectl]);
  await assert.rejects(cluster.kill(kubectl, 'redis'), /There is no pod of redis/);
  await assert.rejects(cluster.lose(kubectl, 'redis'), /There is no pod of redis/);
});

test('pods whose containers run elsewhere have no processes here', async () => {
  const kubectl = new FakeKubectl(['a'], []) as unknown as Kubectl;
  assert.deepEqual(await new KindCluster([kubectl]).processes(), {});
});

test('a stack that is not on kind is refused, with the address that can be put under load', async () => {
  await assert.rejects(
    kindTarget('cloud'),
    /stack cloud is not on kind \(cluster: eks\): --target https:\/\/play\.example\.com/,
  );
});
