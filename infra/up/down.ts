import { existsSync } from 'node:fs';
import path from 'node:path';
import { recordIn } from '../config/changes.ts';
import { type Config, readConfig } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { findBinary } from '../setup/binaries.mjs';
import { forgetStack, stackExists } from './backend.ts';
import { agreed, exitCodeOf, requireTerminal } from './command.ts';
import type { Engine, StateResource } from './engine.ts';
import { deleteKindCluster, isMadeHere, kindCluster, speaksOfCluster } from './kind-cluster.ts';
import { requireUnlocked } from './locks.ts';
import { checkedInFile, ROOT, type UpPaths, upPaths } from './paths.ts';
import { openKnownStack } from './stack.ts';
import { downloadEngine, requireTools, TOOLS } from './tools.ts';

/** Instead of an exit code: the user said no. */
const DECLINED = -1;

type Place = Pick<Config, 'stack' | 'cluster' | 'clusterName'>;

/** The cluster of the stack: as recorded in its state, or without a record, as last configured. */
function placeOf(stack: string, paths: UpPaths, resources: readonly StateResource[] = []): Place {
  const directory = existsSync(paths.stackFile) ? path.dirname(paths.stackFile) : ROOT;
  const { cluster, clusterName } = readConfig({ args: ['--stack', stack], directory });
  return { stack, cluster, clusterName, ...(JSON.parse(recordIn(resources) ?? '{}') as Partial<Place>) };
}

/** Reports a kind cluster that has the name of ours, but is not ours to delete. */
function nothingIsUp(stack: string, paths: UpPaths): number {
  const { cluster, clusterName } = placeOf(stack, paths);
  forgetStack(paths);
  process.stdout.write(`The stack ${stack} is not up.\n`);
  if (cluster !== 'kind' || !findBinary('docker')) return 0;
  try {
    if (kindCluster(clusterName).state === 'gone') return 0;
  } catch {
    return 0;
  }
  process.stdout.write(
    `There is a kind cluster ${clusterName} that this state does not know; to delete it: kind delete cluster --name ${clusterName}\n`,
  );
  return 0;
}

/** Everything was in a cluster that no longer exists: there is nothing to undo but the stack itself. */
async function forgetGoneCluster(engine: Engine, name: string): Promise<number> {
  process.stdout.write(`The kind cluster ${name} is gone already; the stack is forgotten.\n`);
  engine.remove(true);
  return 0;
}

/** Nothing of the stack outlives a cluster that it made, so the rest is forgotten with it. */
async function deleteCluster(engine: Engine, name: string, yes: boolean): Promise<number> {
  if (!yes && !(await agreed(`Delete the kind cluster ${name} and everything in it?`))) return DECLINED;
  const code = deleteKindCluster(name);
  if (code !== 0) return code;
  engine.remove(true);
  process.stdout.write(`The kind cluster ${name} is deleted, and the stack and its state are removed.\n`);
  return 0;
}

/** @throws PreflightError when the state has protected resources */
function requireUnprotected(stack: string, resources: readonly StateResource[]): void {
  const names = resources.filter(({ protect }) => protect === true).map(({ urn }) => urn.split('::').at(-1));
  if (names.length === 0) return;
  throw new PreflightError(
    `The stack ${stack} protects ${names.join(' and ')}, whose data would be lost: take a backup, set ` +
      `gridlock:protect to false in ${path.basename(checkedInFile(stack))}, npm run up -- --stack ${stack}, and then ` +
      'do this again.',
  );
}

/** Takes down everything in the state. Resolves with the engine's exit code. */
async function destroy(engine: Engine, { yes, unreachable }: { yes: boolean; unreachable: boolean }): Promise<number> {
  const flags = yes ? ['--yes', '--skip-preview'] : [];
  const env = unreachable ? { PULUMI_K8S_DELETE_UNREACHABLE: 'true' } : {};
  if (unreachable) {
    // A Helm release of an unreachable cluster can be forgotten by a refresh only, not be deleted.
    const code = await engine.run('refresh', flags, env);
    if (code !== 0) return code;
  }
  const code = await engine.run('destroy', flags, env);
  if (code !== 0) return code;
  engine.remove();
  process.stdout.write('The stack and its state are removed.\n');
  return code;
}

function failureHint({ cluster, clusterName }: Place, code: number): void {
  if (code === 0 || cluster === 'kind') return;
  process.stderr.write(
    `If the cluster of this stack (${cluster} ${clusterName}) is gone for good: npm run down -- --unreachable\n`,
  );
}

export interface DownOptions {
  /** Does not ask. */
  yes?: boolean | undefined;
  /** The cluster is gone: forget what was in it. */
  unreachable?: boolean | undefined;
}

/**
 * Undoes `up`: the cluster or what was put into it, the stack, its state and passphrase.
 * @param args --stack and --state-dir
 * @returns the exit code
 * @throws ConfigError or PreflightError before anything was changed
 */
export async function down(
  args: readonly string[],
  { yes = false, unreachable = false }: DownOptions,
): Promise<number> {
  const { stack, stateDir } = readConfig({ args, directory: ROOT });
  const paths = upPaths(stateDir, stack);
  if (!stackExists(paths, stack)) return nothingIsUp(stack, paths);
  if (!yes) requireTerminal('down');
  const engine = openKnownStack(stack, paths);
  requireUnlocked(paths, stack);
  const resources = engine.resources();
  const place = placeOf(stack, paths, resources);
  if (place.cluster === 'kind') {
    requireTools([TOOLS.docker, TOOLS.kind, TOOLS.pulumi], downloadEngine);
    if (unreachable) {
      throw new PreflightError('A kind cluster that is gone is noticed: npm run down needs no --unreachable for it.');
    }
  }
  const code = await takeDown(engine, place, resources, { yes, unreachable });
  if (code === DECLINED) return 0;
  if (code === 0) forgetStack(paths);
  failureHint(place, code);
  return exitCodeOf(code);
}

/** Takes down the cluster, or what is in it. Resolves with an exit code. */
async function takeDown(
  engine: Engine,
  { stack, cluster, clusterName }: Place,
  resources: readonly StateResource[],
  options: { yes: boolean; unreachable: boolean },
): Promise<number> {
  const isGone = cluster === 'kind' && kindCluster(clusterName).state === 'gone';
  if (isGone && speaksOfCluster(resources)) return forgetGoneCluster(engine, clusterName);
  if (options.unreachable) engine.unprotect();
  else requireUnprotected(stack, resources);
  if (cluster === 'kind' && !isGone && isMadeHere(clusterName, resources))
    return deleteCluster(engine, clusterName, options.yes);
  return destroy(engine, options);
}
