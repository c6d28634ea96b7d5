import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkAppOfImage } from '../config/app.ts';
import { ACCEPT_DATA_LOSS, recorded, recordIn, requireChangeable } from '../config/changes.ts';
import type { Config } from '../config/config.ts';
import { writePrivate } from '../local/state-dir.ts';
import { exitCodeOf, requireTerminal } from './command.ts';
import type { Engine, StateResource } from './engine.ts';
import { requireKindCluster } from './kind-cluster.ts';
import { checkedInFile, type UpPaths } from './paths.ts';
import { withoutMark } from './pki-file.ts';
import { ReplicasWatch } from './replicas-watch.ts';
import { requireRoom } from './shared-cluster.ts';
import { openStack, readRequest, type StackRequest } from './stack.ts';
import { withFlags, writeKeepingMode } from './stack-file.ts';
import { begin, finish, needsRefresh } from './unfinished.ts';

const POLICY_PACK = path.join('infra', 'policy-pack');

export interface UpOptions {
  /** Shows what would change, and changes nothing. */
  preview?: boolean | undefined;
  /** Does not ask, and shows no preview first. */
  yes?: boolean | undefined;
  /** Also runs the policy pack. */
  policies?: boolean | undefined;
  /** Reads the actual state first. */
  refresh?: boolean | undefined;
  /** Also makes changes that lose data. */
  acceptDataLoss?: boolean | undefined;
}

/**
 * Checks that the stack in the state can be changed to the configuration. Prints the cost of the changes.
 * @throws ConfigError for a change that cannot be made, PreflightError for a cluster that cannot be used
 */
export const requireReachable =
  (config: Config, acceptDataLoss = false) =>
  async (resources: readonly StateResource[]): Promise<void> => {
    const record = recordIn(resources);
    if (record !== undefined) {
      const { losses, costs } = requireChangeable(record, config, acceptDataLoss);
      process.stdout.write([...losses, ...costs].map((sentence) => `${sentence}\n`).join(''));
    }
    if (config.cluster === 'kind') await requireKindCluster(config, resources);
    else if (config.cluster !== 'eks') await requireRoom(config, resources);
  };

/** The result of the engine. */
export interface Brought {
  /** Its exit code. */
  readonly code: number;
  /** The address that people connect to; undefined if it is not known. */
  readonly url?: string;
}

/** Runs `pulumi up` or `pulumi preview`. */
export async function bringUp(
  { config, paths }: { config: Config; paths: UpPaths },
  engine: Engine,
  { preview = false, yes = false, policies = false, refresh = false, acceptDataLoss = false }: UpOptions,
): Promise<Brought> {
  const refreshes = refresh || (await needsRefresh(paths));
  const args = [...(policies ? ['--policy-pack', POLICY_PACK] : []), ...(refreshes ? ['--refresh'] : [])];
  // The program checks the changes too, for users who call Pulumi themselves.
  const env = acceptDataLoss ? { [ACCEPT_DATA_LOSS]: 'true' } : {};
  if (preview) return { code: await engine.run('preview', args, env) };
  if (refreshes && !refresh) {
    process.stdout.write("The last up did not succeed, so this one first compares Pulumi's state with the cluster.\n");
  }
  begin(paths);
  const code = await engine.run('up', [...args, ...(yes ? ['--yes', '--skip-preview'] : [])], env);
  if (code !== 0) return { code };
  finish(paths);
  finishRotation(config.stack);
  const outputs = engine.outputs();
  handOver(outputs, paths);
  return { code, ...(typeof outputs.url === 'string' ? { url: outputs.url } : {}) };
}

/**
 * Waits for the replicas of a stack, then prints that the stack is ready.
 * @throws StartError if the replicas do not become ready
 */
export async function sayReady({ config, paths }: { config: Config; paths: UpPaths }, url = ''): Promise<void> {
  await new ReplicasWatch(config, paths).untilReady();
  if (url !== '') process.stdout.write(`ready ${url}\n`);
}

/** A rotation whose `up` had not succeeded has now. */
function finishRotation(stack: string): void {
  const file = checkedInFile(stack);
  if (!existsSync(file)) return;
  const text = readFileSync(file, 'utf8');
  const finished = withoutMark(text);
  if (finished !== text) writeKeepingMode(file, finished);
}

/** Writes the files for using the cluster, and prints their paths. */
function handOver(outputs: Record<string, unknown>, paths: UpPaths): void {
  const files = { kubeconfig: paths.kubeconfig, rootCertificate: paths.rootCertificate };
  mkdirSync(paths.handed, { recursive: true, mode: 0o700 });
  const lines: string[] = [];
  for (const [name, file] of Object.entries(files)) {
    const value = outputs[name];
    if (typeof value !== 'string' || value === '') continue;
    writePrivate(file, value);
    const relative = path.relative('', file);
    lines.push(`${name.padEnd(16)} ${relative.startsWith('..') ? file : relative}`);
  }
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/**
 * Brings a stack up.
 * @param args flags of the configuration
 * @returns the exit code
 * @throws ConfigError or PreflightError before anything was changed
 */
export async function up(args: readonly string[], options: UpOptions): Promise<number> {
  const request = readRequest(args);
  if (!options.preview && !options.yes) requireTerminal('up');
  await checkAppOfImage(request.config);
  const engine = await openStack(request, requireReachable(request.config, options.acceptDataLoss));
  const { code, url } = await bringUp(request, engine, options);
  if (!options.preview && (code === 0 || hasBegun(request.config, engine))) keepFlags(request);
  if (!options.preview && code === 0) await sayReady(request, url);
  return exitCodeOf(code);
}

/** Whether a failed `up` has made some of its resources. */
const hasBegun = (config: Config, engine: Engine): boolean => recordIn(engine.resources()) === recorded(config);

/** Writes the flags into the stack's file: the next `up` and `rotate` go on from what the stack is. */
function keepFlags({ stack, flags, config }: StackRequest): void {
  const file = checkedInFile(stack);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { text, keys } = withFlags(before, flags, config);
  if (text === before) return;
  writeKeepingMode(file, text);
  process.stdout.write(`${path.basename(file)} now has ${keys.join(', ')} from the flags.\n`);
}
