import type { Config } from '../config/config.ts';
import { findBinary } from '../setup/binaries.mjs';
import type { StateResource } from './engine.ts';
import { ask } from './tools.ts';

export interface KindCluster {
  state: 'running' | 'stopped' | 'gone';
  /** Names of the containers that are its nodes and do not run. */
  stopped: string[];
}

/** How the kind cluster of this name is, by the containers that are its nodes. */
export function kindCluster(name: string): KindCluster {
  const filter = `label=io.x-k8s.kind.cluster=${name}`;
  const format = '{{.Names}} {{.State}}';
  const answer = ask(findBinary('docker') ?? 'docker', ['ps', '--all', '--filter', filter, '--format', format]);
  const nodes = answer
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '));
  const stopped = nodes.filter(([, state]) => state !== 'running').map(([node]) => node!);
  return { state: nodes.length === 0 ? 'gone' : stopped.length > 0 ? 'stopped' : 'running', stopped };
}

/** A command of the kind cluster is told its name. */
function isOfKind({ type, inputs }: StateResource): boolean {
  const environment = inputs?.environment;
  return type === 'command:local:Command' && typeof environment === 'object' && 'CLUSTER' in (environment ?? {});
}

/** Whether the state speaks of a cluster: with the cluster gone, nothing of it is true any more. */
export const speaksOfCluster = (resources: readonly StateResource[]): boolean =>
  resources.some((resource) => resource.type.startsWith('kubernetes:') || isOfKind(resource));

/** One sentence on a kind cluster that cannot be used as the state says; undefined when it can. */
export function kindComplaint(
  { clusterName, stack }: Config,
  { state, stopped }: KindCluster,
  resources: readonly StateResource[],
): string | undefined {
  if (state === 'stopped') {
    const [are, them] = stopped.length === 1 ? ['is', 'it'] : ['are', 'them'];
    return (
      `Of the kind cluster ${clusterName}, ${stopped.join(' and ')} ${are} stopped; ` +
      `start ${them}: docker start ${stopped.join(' ')}`
    );
  }
  if (state === 'running' || !speaksOfCluster(resources)) return undefined;
  return (
    `The kind cluster ${clusterName} of the stack ${stack} is gone, though its state still speaks of it: ` +
    `npm run down -- --stack ${stack} forgets it, and npm run up makes a new one.`
  );
}
