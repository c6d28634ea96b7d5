import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { readConfig } from '../../infra/config.ts';
import { publicUrl } from '../../infra/origin.ts';
import { upPaths } from '../../infra/up/paths.ts';
import { Kubectl } from '../../tests/e2e/kubectl.ts';
import { LoadProblem } from './problem.ts';
import type { RotationStep, Target } from './target.ts';

const run = promisify(execFile);
const ROTATE = path.resolve(import.meta.dirname, '../../infra/up/rotate.ts');
const STEPS: Record<RotationStep, string> = {
  accept: 'root-accept', leaf: 'leaf', intermediate: 'intermediate', issue: 'root-issue', retire: 'root-retire',
};

/** The Kubernetes cluster of a stack, as `npm run up` left it. @throws LoadProblem when it is not there */
export async function kindTarget(stack: string): Promise<Target> {
  const config = readConfig({ args: ['--stack', stack], target: 'cluster' });
  const { rootCertificate } = upPaths(config.stateDir, stack);
  if (!existsSync(rootCertificate)) {
    throw new LoadProblem(`There is no root certificate at ${rootCertificate}: npm run up -- --stack ${stack} brings the cluster up.`);
  }
  const kubectl = new Kubectl(config.clusterName, config.namespace);
  const delivered = async (name: string) => {
    const [pod] = await kubectl.pods(name);
    if (!pod) throw new LoadProblem(`There is no pod of ${name}.`);
    await kubectl.run(['delete', 'pod', pod.metadata.name, '--grace-period=0', '--force']);
    await kubectl.settled();
    return `${pod.metadata.name} is replaced`;
  };
  return {
    name: 'kind',
    url: publicUrl(config),
    trustFile: () => rootCertificate,
    // They run inside the nodes, and are looked at there.
    processes: async () => ({}),
    internalUrls: async () => [],
    faults: {
      'a pod': () => delivered('game'),
      'the pod of Redis': () => delivered('redis'),
    },
    rollOut: async () => {
      const before = await kubectl.pods('game');
      await kubectl.run(['rollout', 'restart', 'deployment/game']);
      await kubectl.settled();
      return `${before.length} replicas replaced`;
    },
    rotate: async (step) => {
      await run(process.execPath, ['--disable-warning=ExperimentalWarning', ROTATE, STEPS[step], '--stack', stack, '--yes']);
      return step;
    },
    stop: async () => undefined,
  };
}
