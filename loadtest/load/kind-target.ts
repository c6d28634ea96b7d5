import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Kubectl, type Pod } from '../../infra/cluster/kubectl.ts';
import { readConfig } from '../../infra/config/config.ts';
import { publicUrl } from '../../infra/config/origin.ts';
import { docker } from '../../infra/image/docker.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { CLUSTER, INTERNAL_PORT } from '../../infra/program/names.ts';
import { upPaths } from '../../infra/up/paths.ts';
import { UsageError } from '../../infra/usage-error.ts';
import { tellFromInside, tellOneOf } from './operations-page.ts';
import type { RotationStep, Target } from './target.ts';

const run = promisify(execFile);
const GRIDLOCK = path.resolve(import.meta.dirname, '../../cli/main.ts');
const STEPS: Record<RotationStep, string> = {
  accept: 'root-accept',
  leaf: 'leaf',
  intermediate: 'intermediate',
  issue: 'root-issue',
  retire: 'root-retire',
};

/** The kind cluster of a stack, as `npm run up` left it. @throws UsageError when it is not there */
export async function kindTarget(stack: string): Promise<Target> {
  const config = readConfig({ args: ['--stack', stack], target: 'cluster' });
  if (config.cluster !== 'kind') {
    throw new UsageError(
      `The stack ${stack} is not on kind (cluster: ${config.cluster}): --target ${publicUrl(config)} puts it under load.`,
    );
  }
  const { rootCertificate } = upPaths(config.stateDir, stack);
  if (!existsSync(rootCertificate)) {
    throw new UsageError(
      `There is no root certificate at ${rootCertificate}: npm run up -- --stack ${stack} brings the cluster up.`,
    );
  }
  const game = new Kubectl(config.clusterName, config.namespace);
  await game.pods('server').catch((error: Error) => {
    throw new UsageError(`The kind cluster ${config.clusterName} cannot be inspected: ${error.message}.`);
  });
  const cluster = new KindCluster([game]);
  return {
    name: 'kind',
    url: publicUrl(config),
    trustFile: () => rootCertificate,
    processes: () => cluster.processes(),
    // The network policies close the page to the outside, so this connects from inside its container.
    tellOperations: async (told) =>
      tellOneOf(await game.pods('server'), ({ metadata }) =>
        game.run(['exec', '--stdin', metadata.name, '--', ...tellFromInside(INTERNAL_PORT)], told),
      ),
    faults: {
      'a replica': { strike: () => cluster.kill(game, 'server'), closes: 'replica' },
      // A new pod, because Kubernetes delays the restart of a container that dies twice in ten minutes.
      'the pod of Redis': { strike: () => cluster.lose(game, 'redis'), closes: 'none' },
      // One of its pods.
      'the edge': { strike: () => cluster.kill(game, 'edge'), closes: 'some' },
      'a pod': { strike: () => cluster.lose(game, 'server'), closes: 'replica' },
    },
    rollOut: () => cluster.rollOut(game, CLUSTER),
    rotate: async (step) => {
      await run(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        GRIDLOCK,
        'rotate',
        STEPS[step],
        '--stack',
        stack,
        '--yes',
      ]).catch(({ stderr, stdout }: { stderr?: string; stdout?: string }) => {
        const said = `${stderr}\n${stdout}`.trim().split('\n').slice(-3).join(' ');
        throw new UsageError(`npm run rotate -- ${STEPS[step]} failed: ${said}`);
      });
      return step;
    },
    stop: async () => undefined,
  };
}

const WHOLE_MS = 180_000;

/** Kills every process of a container at once, from within its node, because Kubernetes would ask them to end first. */
const KILL = `for process in /proc/[0-9]*; do
  if grep -q "$0" "$process/cgroup" 2>/dev/null; then kill -KILL "\${process#/proc/}" 2>/dev/null; fi
done; true`;

/** containerd's, without the scheme before it. */
const containerIds = ({ status }: Pod): string[] =>
  (status.containerStatuses ?? []).flatMap(({ containerID }) => containerID?.split('//')[1] ?? []);

const restarts = ({ status }: Pod): number =>
  (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

/** The actions on the pods of a kind cluster, whose nodes are containers of this machine. */
export class KindCluster {
  readonly #kubectls: readonly Kubectl[];

  /** One kubectl for each namespace in use. */
  constructor(kubectls: readonly Kubectl[]) {
    this.#kubectls = kubectls;
  }

  /** Resolves when every workload matches its specification. */
  async settled(): Promise<void> {
    for (const kubectl of this.#kubectls) await kubectl.settled();
  }

  /** Kills the processes of the first pod of a part, which restarts them. Resolves when the cluster is whole again. */
  async kill(kubectl: Kubectl, part: string): Promise<string> {
    const victim = await firstOf(kubectl, part);
    const { name } = victim.metadata;
    await killProcesses(victim);
    await waitFor(
      async () => {
        const pod = (await kubectl.pods(part)).find(({ metadata }) => metadata.name === name);
        return pod !== undefined && restarts(pod) > restarts(victim) && isReady(pod) ? true : undefined;
      },
      { what: `${name} to be ready again`, timeoutMs: WHOLE_MS, intervalMs: 500 },
    );
    await this.settled();
    return `${name} is back`;
  }

  /** Kills the first pod of a part for good, as if its node were lost. Resolves when another pod has replaced it. */
  async lose(kubectl: Kubectl, part: string): Promise<string> {
    const victim = await firstOf(kubectl, part);
    const { name, uid } = victim.metadata;
    const wanted = (await kubectl.pods(part)).length;
    // A pod that is deleted is asked to end, even by force, and would send its players away.
    await killProcesses(victim);
    await kubectl.run(['delete', 'pod', name, '--grace-period=0', '--force']);
    await waitFor(
      async () => {
        const others = (await kubectl.pods(part)).filter((pod) => pod.metadata.uid !== uid && isReady(pod));
        return others.length >= wanted ? true : undefined;
      },
      { what: `${name} to be replaced`, timeoutMs: WHOLE_MS, intervalMs: 500 },
    );
    await this.settled();
    return `${name} is replaced`;
  }

  /** Replaces every replica, the pods of a Deployment, as a new version would. */
  async rollOut(kubectl: Kubectl, deployment: string): Promise<string> {
    const names = async () => (await kubectl.pods('server')).map(({ metadata }) => metadata.name);
    const before = await names();
    await kubectl.run(['rollout', 'restart', `deployment/${deployment}`]);
    await this.settled();
    const left = (await names()).filter((name) => before.includes(name));
    if (left.length > 0) throw new UsageError(`The rollout is over, and ${left.join(' and ')} was not replaced.`);
    return `${before.length} replicas replaced`;
  }

  /**
   * The processes of every pod, by the pod's name, where the nodes share their kernel with us: Docker on Linux. Elsewhere
   * none.
   */
  async processes(): Promise<Record<string, number[]>> {
    const pods = (await Promise.all(this.#kubectls.map((kubectl) => kubectl.list<Pod>('pods')))).flat();
    const owners = new Map(pods.flatMap((pod) => containerIds(pod).map((id) => [id, pod.metadata.name] as const)));
    const found: Record<string, number[]> = {};
    for (const [pid, container] of containersOfProcesses()) {
      const name = owners.get(container);
      if (name !== undefined) (found[name] ??= []).push(pid);
    }
    return found;
  }
}

async function killProcesses(pod: Pod): Promise<void> {
  for (const id of containerIds(pod)) await docker(['exec', pod.spec.nodeName, 'sh', '-c', KILL, id]);
}

async function firstOf(kubectl: Kubectl, part: string): Promise<Pod> {
  const [pod] = await kubectl.pods(part);
  if (!pod) throw new UsageError(`There is no pod of ${part}.`);
  return pod;
}

const isReady = ({ status }: Pod): boolean =>
  (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

/** Processes that run in a container of containerd, with its id. */
function* containersOfProcesses(): Generator<[pid: number, container: string]> {
  let entries: string[];
  try {
    entries = readdirSync('/proc');
  } catch {
    return;
  }
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const [, container] = /cri-containerd-([0-9a-f]{64})/.exec(readFileSync(`/proc/${entry}/cgroup`, 'utf8')) ?? [];
      if (container !== undefined) yield [Number(entry), container];
    } catch {
      // It has ended meanwhile.
    }
  }
}
