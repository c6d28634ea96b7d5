import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Kubectl } from '../../infra/cluster/kubectl.ts';
import { CONTROLLER, CONTROLLER_NAMESPACE, EDGE } from '../../infra/components/edge/edge-service.ts';
import { INTERNAL_PORT } from '../../infra/components/replicas/game-pod.ts';
import { readConfig } from '../../infra/config/config.ts';
import { publicUrl } from '../../infra/config/origin.ts';
import { upPaths } from '../../infra/up/paths.ts';
import { KindCluster } from './kind-cluster.ts';
import { tellFromInside, tellOneOf } from './ops.ts';
import { LoadProblem } from './problem.ts';
import type { RotationStep, Target } from './target.ts';

const run = promisify(execFile);
const ROTATE = path.resolve(import.meta.dirname, '../../infra/up/rotate.ts');
const STEPS: Record<RotationStep, string> = {
  accept: 'root-accept',
  leaf: 'leaf',
  intermediate: 'intermediate',
  issue: 'root-issue',
  retire: 'root-retire',
};

/** The kind cluster of a stack, as `npm run up` left it. @throws LoadProblem when it is not there */
export async function kindTarget(stack: string): Promise<Target> {
  const config = readConfig({ args: ['--stack', stack], target: 'cluster' });
  if (config.cluster !== 'kind') {
    throw new LoadProblem(
      `The stack ${stack} is not on kind (cluster: ${config.cluster}): --target ${publicUrl(config)} puts it under load.`,
    );
  }
  const { rootCertificate } = upPaths(config.stateDir, stack);
  if (!existsSync(rootCertificate)) {
    throw new LoadProblem(
      `There is no root certificate at ${rootCertificate}: npm run up -- --stack ${stack} brings the cluster up.`,
    );
  }
  const game = new Kubectl(config.clusterName, config.namespace);
  await game.pods('game').catch((error: Error) => {
    throw new LoadProblem(`The kind cluster ${config.clusterName} cannot be looked at: ${error.message}.`);
  });
  const plain = config.ingress === 'haproxy';
  const edge = plain ? game : new Kubectl(config.clusterName, CONTROLLER_NAMESPACE);
  const cluster = new KindCluster(plain ? [game] : [game, edge]);
  return {
    name: 'kind',
    url: publicUrl(config),
    trustFile: () => rootCertificate,
    processes: () => cluster.processes(),
    // The network policies let nobody to the page from outside: from inside its container it is near.
    tellOperations: async (told) =>
      tellOneOf(await game.pods('game'), ({ metadata }) =>
        game.run(['exec', '--stdin', metadata.name, '--', ...tellFromInside(INTERNAL_PORT)], told),
      ),
    faults: {
      'a replica': { strike: () => cluster.kill(game, 'game'), closes: 'replica' },
      // A new pod, as a container that dies twice in ten minutes is kept waiting before it may start again.
      'the pod of Redis': { strike: () => cluster.lose(game, 'redis'), closes: 'none' },
      // One of its pods.
      'the edge': { strike: () => cluster.kill(edge, plain ? EDGE : CONTROLLER), closes: 'some' },
      'a pod': { strike: () => cluster.lose(game, 'game'), closes: 'replica' },
    },
    rollOut: () => cluster.rollOut(game, 'game'),
    rotate: async (step) => {
      await run(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        ROTATE,
        STEPS[step],
        '--stack',
        stack,
        '--yes',
      ]).catch(({ stderr, stdout }: { stderr?: string; stdout?: string }) => {
        const said = `${stderr}\n${stdout}`.trim().split('\n').slice(-3).join(' ');
        throw new LoadProblem(`npm run rotate -- ${STEPS[step]} failed: ${said}`);
      });
      return step;
    },
    stop: async () => undefined,
  };
}
