import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { REMOVE } from '../cluster/kind-scripts.ts';
import type { Config } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { requirePort } from '../local/ports.ts';
import { findBinary } from '../setup/binaries.mjs';
import type { StateResource } from './engine.ts';
import { ask } from './tools.ts';

const LOOPBACK = '127.0.0.1';

export interface KindCluster {
  state: 'running' | 'stopped' | 'gone';
  /** Names of its node containers that are not running. */
  stopped: string[];
}

const docker = (...args: readonly string[]): string => ask(findBinary('docker') ?? 'docker', args);

/** The state of the kind cluster with this name, from the containers that are its nodes. */
export function kindCluster(name: string): KindCluster {
  const filter = `label=io.x-k8s.kind.cluster=${name}`;
  const nodes = docker('ps', '--all', '--filter', filter, '--format', '{{.Names}} {{.State}}')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '));
  const stopped = nodes.filter(([, state]) => state !== 'running').map(([node]) => node!);
  return { state: nodes.length === 0 ? 'gone' : stopped.length > 0 ? 'stopped' : 'running', stopped };
}

/** The variables for a script of the kind cluster. */
function isOfKind({ type, inputs }: StateResource): boolean {
  const environment = inputs?.environment;
  return type === 'command:local:Command' && typeof environment === 'object' && 'CLUSTER' in (environment ?? {});
}

const named = (resources: readonly StateResource[], name: string): StateResource | undefined =>
  resources.find(({ urn }) => urn.endsWith(`::${name}`));

/** Whether the state has a cluster: when the cluster is gone, nothing in the state is true any more. */
export const speaksOfCluster = (resources: readonly StateResource[]): boolean =>
  resources.some((resource) => resource.type.startsWith('kubernetes:') || isOfKind(resource));

/** Which stack the mark of a cluster names as its maker (see kind-scripts.ts); undefined without a mark. */
function makerOf(clusterName: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const home = env.XDG_STATE_HOME || path.join(os.homedir(), '.local', 'state');
  const file = path.join(home, 'gridlock', 'kind', clusterName);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n')[0] : undefined;
}

/** The mark of the clusters of this state. */
const markOf = (resources: readonly StateResource[]): unknown => named(resources, 'cluster-owner')?.outputs?.hex;

/** Whether the stack made the cluster: as its state says, or the mark of a creation that was interrupted. */
export function isMadeHere(clusterName: string, resources: readonly StateResource[]): boolean {
  const nodes = named(resources, 'cluster-nodes');
  if (nodes) return String(nodes.outputs?.stdout).includes('created');
  const mark = markOf(resources);
  return mark !== undefined && makerOf(clusterName) === mark;
}

/** Deletes the cluster, even if it is half made. Returns kind's exit code; its output is the user's. */
export function deleteKindCluster(name: string): number {
  const { status } = spawnSync('/bin/sh', ['-c', REMOVE], { env: { ...process.env, CLUSTER: name }, stdio: 'inherit' });
  return status ?? 1;
}

/** One sentence on a kind cluster that cannot be used as the state says; undefined when it can. */
function complaintOf(
  config: Config,
  { state, stopped }: KindCluster,
  resources: readonly StateResource[],
): string | undefined {
  const { clusterName, stack } = config;
  if (state === 'stopped') {
    const [are, them] = stopped.length === 1 ? ['is', 'it'] : ['are', 'them'];
    return (
      `Of the kind cluster ${clusterName}, ${stopped.join(' and ')} ${are} stopped; ` +
      `start ${them}: docker start ${stopped.join(' ')}`
    );
  }
  if (state === 'gone') {
    if (!speaksOfCluster(resources)) return undefined;
    return `The kind cluster ${clusterName} of the stack ${stack} is gone, but its state still has it: npm run down -- --stack ${stack} forgets it, and npm run up makes a new one.`;
  }
  return named(resources, 'cluster-nodes') ? undefined : adoptionComplaint(config, resources);
}

/** A cluster that this state does not know would be adopted. */
function adoptionComplaint(
  { clusterName: name, port, nodePort }: Config,
  resources: readonly StateResource[],
): string | undefined {
  const maker = makerOf(name);
  if (maker !== undefined) {
    if (maker === markOf(resources)) return undefined;
    return (
      `The kind cluster ${name} belongs to a stack that this state does not know: to another checkout, or to a stack that ` +
      `you brought up with pulumi up. Go on there, set clusterName to another name, set cluster to existing with the ` +
      `context kind-${name} for a second stack on it, or delete it: kind delete cluster --name ${name}`
    );
  }
  let mapped = '';
  try {
    mapped = docker('port', `${name}-control-plane`, `${nodePort}/tcp`).trim();
  } catch {
    // Docker fails where nothing is mapped.
  }
  if (mapped.split('\n').some((address) => address.endsWith(`:${port}`))) return undefined;
  return (
    `The kind cluster ${name} exists, but does not map port ${port} of this machine: delete it ` +
    `(kind delete cluster --name ${name}), or set clusterName to another name.`
  );
}

/** Checks for faults that would make kind fail half-way. @throws PreflightError with one sentence */
export async function requireKindCluster(config: Config, resources: readonly StateResource[]): Promise<void> {
  const cluster = kindCluster(config.clusterName);
  const complaint = complaintOf(config, cluster, resources);
  if (complaint) throw new PreflightError(complaint);
  if (cluster.state !== 'gone') return;
  await requirePort(config.port, '--port', LOOPBACK);
  await requirePort(config.httpPort, '--http-port', LOOPBACK);
}
