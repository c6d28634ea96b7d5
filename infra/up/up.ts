import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkAppOfImage } from '../config/app.ts';
import type { Config } from '../config/config.ts';
import { writePrivate } from '../local/state-dir.ts';
import { exitCodeOf, requireTerminal } from './command.ts';
import type { Engine } from './engine.ts';
import { requireKindCluster } from './kind-cluster.ts';
import { checkedInFile, type UpPaths } from './paths.ts';
import { withoutMark } from './pki-file.ts';
import { openStack, readRequest } from './stack.ts';
import { writeKeepingMode } from './stack-file.ts';

const POLICY_PACK = path.join('infra', 'policy-pack');

export interface UpOptions {
  /** Shows what would change, and changes nothing. */
  preview?: boolean | undefined;
  /** Asks nothing, and shows no preview before. */
  yes?: boolean | undefined;
  /** Also runs the policy pack. */
  policies?: boolean | undefined;
}

/** @throws PreflightError when the kind cluster cannot be used, or not be made */
export async function requireCluster(config: Config, engine: Engine): Promise<void> {
  if (config.cluster === 'kind') await requireKindCluster(config, engine.resources());
}

/** Runs `pulumi up` or `pulumi preview`; resolves with its exit code. */
export async function bringUp(
  { config, paths }: { config: Config; paths: UpPaths },
  engine: Engine,
  { preview = false, yes = false, policies = false }: UpOptions,
): Promise<number> {
  const packs = policies ? ['--policy-pack', POLICY_PACK] : [];
  if (preview) return engine.run('preview', packs);
  const code = await engine.run('up', [...packs, ...(yes ? ['--yes', '--skip-preview'] : [])]);
  if (code !== 0) return code;
  finishRotation(config.stack);
  handOver(engine.outputs(), paths);
  return 0;
}

/** A rotation whose `up` had not succeeded has now. */
function finishRotation(stack: string): void {
  const file = checkedInFile(stack);
  if (!existsSync(file)) return;
  const text = readFileSync(file, 'utf8');
  const finished = withoutMark(text);
  if (finished !== text) writeKeepingMode(file, finished);
}

/** Puts what the cluster is used with into files, and says where they are. */
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
  process.stdout.write([...lines, ...(outputs.url ? [`ready ${outputs.url}`] : []), ''].join('\n'));
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
  const engine = openStack(request);
  await requireCluster(request.config, engine);
  return exitCodeOf(await bringUp(request, engine, options));
}
