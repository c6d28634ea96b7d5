// Usage: npm run down -- [--stack dev] [--state-dir .gridlock] [--yes] [--unreachable]
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Config, ConfigError, readConfig, readFlags } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { findBinary } from '../setup/binaries.mjs';
import { forgetStack, openBackend, removeDeadLocks, stackExists } from './backend.ts';
import { exitCodeOf, requireTerminal, runCommand } from './command.ts';
import { Engine } from './engine.ts';
import { refuseSwallowedFlags, takeSwitches } from './flags.ts';
import { kindCluster, speaksOfCluster } from './kind-cluster.ts';
import { downloadEngine } from './launcher.ts';
import { ROOT, type UpPaths, upPaths } from './paths.ts';
import { requireTools, TOOLS } from './tools.ts';

const SWITCHES = ['yes', 'unreachable'] as const;

const HELP = `npm run down -- [flags]

Undoes npm run up: the cluster or what was put into it, the stack, its state and passphrase.

  --stack                        which stack (default dev)
  --state-dir                    where npm run up kept its state (default .gridlock)
  --yes                          ask nothing
  --unreachable                  the cluster is gone: forget what was in it
`;

/** The stack as its last `up` wanted it: flags of that run are in the working copy only. */
function lastConfig(stack: string, paths: UpPaths): Config {
  const directory = existsSync(paths.stackFile) ? path.dirname(paths.stackFile) : ROOT;
  return readConfig({ args: ['--stack', stack], directory });
}

function readArguments(args: readonly string[]): { stack: string; paths: UpPaths } {
  const { stack, flags } = readFlags(args, 'cluster');
  const other = [...flags.keys()].find((key) => key !== 'stateDir');
  if (other) throw new ConfigError(`npm run down takes no ${other}: what npm run up used is remembered.`);
  const stateDir = flags.get('stateDir')?.value ?? readConfig({ args: ['--stack', stack], directory: ROOT }).stateDir;
  return { stack, paths: upPaths(String(stateDir), stack) };
}

/** Says of a kind cluster that has the name ours would have, and is not ours to delete. */
function nothingIsUp(stack: string, paths: UpPaths): number {
  const { cluster, clusterName } = lastConfig(stack, paths);
  forgetStack(paths);
  process.stdout.write(`The stack ${stack} is not up.\n`);
  if (cluster !== 'kind' || !findBinary('docker')) return 0;
  try {
    if (kindCluster(clusterName).state === 'gone') return 0;
  } catch {
    return 0;
  }
  process.stdout.write(
    `There is a kind cluster ${clusterName}, of which nothing is remembered here; ` +
      `to delete it: kind delete cluster --name ${clusterName}\n`,
  );
  return 0;
}

/** Everything lived in a cluster that is no more: there is nothing to undo but the stack itself. */
function forgetGoneCluster(engine: Engine, name: string): void {
  process.stdout.write(`The kind cluster ${name} is gone already; the stack is forgotten.\n`);
  engine.remove(true);
}

/** Takes down what the state knows. Resolves with the engine's exit code. */
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
  process.stdout.write('The stack and what is remembered of it are removed.\n');
  return code;
}

function failureHint({ cluster, clusterName }: Config, code: number): void {
  if (code === 0 || cluster === 'kind') return;
  process.stderr.write(
    `If the cluster of this stack (${cluster} ${clusterName}) is gone for good: npm run down -- --unreachable\n`,
  );
}

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  refuseSwallowedFlags('down', SWITCHES);
  const { on, rest } = takeSwitches(args, SWITCHES);
  const options = { yes: on.has('yes'), unreachable: on.has('unreachable') };
  const { stack, paths } = readArguments(rest);
  if (!stackExists(paths, stack)) return nothingIsUp(stack, paths);
  if (!options.yes) requireTerminal('down');
  const config = lastConfig(stack, paths);
  const kind = config.cluster === 'kind';
  if (kind && options.unreachable) {
    throw new PreflightError('A kind cluster that is gone is noticed: npm run down needs no --unreachable for it.');
  }
  const binary = requireTools(kind ? [TOOLS.docker, TOOLS.kind, TOOLS.pulumi] : [TOOLS.pulumi], downloadEngine);
  const engine = new Engine(binary, stack, paths, openBackend(paths, stack, binary));
  removeDeadLocks(paths);
  const gone = kind && kindCluster(config.clusterName).state === 'gone' && speaksOfCluster(engine.resources());
  if (gone) forgetGoneCluster(engine, config.clusterName);
  const code = gone ? 0 : await destroy(engine, options);
  if (code === 0) forgetStack(paths);
  failureHint(config, code);
  return exitCodeOf(code);
});
