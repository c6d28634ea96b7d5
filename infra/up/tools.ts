// The programs `npm run up` needs, which versions, and how to get them.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { findBinary } from '../setup/binaries.mjs';

/** The version of the npm package `pulumi`, which downloads that very version of the engine. */
export const LAUNCHED_ENGINE = '3.265.0';

export interface Tool {
  name: string;
  /** Oldest version that is known to work. */
  oldest: string;
  /** Why this configuration needs it, as the end of "needed to ...". */
  purpose: string;
  versionArgs: readonly string[];
  get: string;
}

const mac = process.platform === 'darwin';

export const TOOLS = {
  docker: {
    name: 'docker',
    oldest: '23.0.0',
    purpose: 'build the image and run kind',
    versionArgs: ['--version'],
    get: mac ? 'brew install --cask docker' : 'https://docs.docker.com/engine/install/',
  },
  kind: {
    name: 'kind',
    oldest: '0.30.0',
    purpose: 'make the cluster',
    versionArgs: ['version'],
    get: mac ? 'brew install kind' : 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
  },
  aws: {
    name: 'aws',
    oldest: '2.12.0',
    purpose: 'log in to EKS',
    versionArgs: ['--version'],
    get: 'https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html',
  },
  pulumi: {
    name: 'pulumi',
    oldest: '3.252.0',
    purpose: 'run the program',
    versionArgs: ['version'],
    get: mac ? 'brew install pulumi' : 'https://www.pulumi.com/docs/iac/download-install/',
  },
} as const satisfies Record<string, Tool>;

/** The tools a configuration needs, Pulumi last. */
export function toolsFor({ cluster, image }: Pick<Config, 'cluster' | 'image'>): Tool[] {
  const tools: Tool[] = [];
  if (cluster === 'kind' || image === '') tools.push(TOOLS.docker);
  if (cluster === 'kind') tools.push(TOOLS.kind);
  if (cluster === 'eks') tools.push(TOOLS.aws);
  return [...tools, TOOLS.pulumi];
}

/** The first `1.2.3` in a program's answer. */
const versionIn = (answer: string): string | undefined => /\d+\.\d+\.\d+/.exec(answer)?.[0];

function olderThan(version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const different = a.findIndex((part, index) => part !== b[index]);
  return different >= 0 && a[different]! < (b[different] ?? 0);
}

/** The output of a program for `input`. Throws with the last line of its error output. */
export function ask(
  program: string,
  args: readonly string[],
  { env = process.env, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): string {
  try {
    const options = { encoding: 'utf8', env, input, timeout: 60_000, maxBuffer: 256 * 1024 * 1024 } as const;
    return execFileSync(program, args, { ...options, stdio: 'pipe' });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim().split('\n').at(-1) || message, { cause: error });
  }
}

const wanted = ({ oldest, purpose, get }: Tool): string => `wanted is ${oldest} or newer, to ${purpose}: ${get}`;

/** One sentence on a tool that is missing, too old or does not work; undefined when it is usable. */
function complaintOf(tool: Tool, binary: string | undefined): string | undefined {
  if (!binary) return `${tool.name} is not installed; ${wanted(tool)}`;
  let version: string | undefined;
  try {
    version = versionIn(ask(binary, tool.versionArgs));
  } catch (error) {
    return `${tool.name} (${binary}) does not run: ${(error as Error).message}; ${wanted(tool)}`;
  }
  if (!version) return `${tool.name} (${binary}) does not say its version; ${wanted(tool)}`;
  if (olderThan(version, tool.oldest)) return `${tool.name} (${binary}) is ${version}; ${wanted(tool)}`;
  return undefined;
}

/** Why Docker's engine does not answer; undefined when it does. */
function engineComplaint(docker: string): string | undefined {
  try {
    ask(docker, ['version', '--format', '{{.Server.Version}}']);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    const start = mac ? 'open -a Docker' : 'sudo systemctl start docker';
    const remedy = /permission denied/i.test(message)
      ? 'sudo usermod -aG docker "$USER", and log in again'
      : `start it: ${start}`;
    return `docker's engine does not answer (${message}); ${remedy}`;
  }
}

/** Places of the engine outside PATH: its installer's, and that of the launcher's download. */
function installedEngines(): string[] {
  const home = process.env.PULUMI_HOME || path.join(os.homedir(), '.pulumi');
  return ['bin', path.join('versions', LAUNCHED_ENGINE, 'bin')].map((bin) => path.join(home, bin, 'pulumi'));
}

/** npm puts the launchers of packages on PATH, this project's among them; they are not the engine. */
const LAUNCHERS = path.join('node_modules', '.bin');

/** The engine on PATH or where its installers put it. */
export function findEngine(): string | undefined {
  const directories = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const places = directories.filter((directory) => !directory.endsWith(LAUNCHERS));
  return findBinary(...places.map((place) => path.resolve(place, 'pulumi')), ...installedEngines());
}

/**
 * @param downloadEngine gets the engine when there is none; returns a sentence when it could not
 * @returns path of the Pulumi engine
 * @throws PreflightError that names every tool that is missing, too old or not running
 */
export function requireTools(tools: readonly Tool[], downloadEngine: () => string | undefined): string {
  const complaints: string[] = [];
  for (const tool of tools.filter(({ name }) => name !== 'pulumi')) {
    const binary = findBinary(tool.name);
    const complaint = complaintOf(tool, binary) ?? (tool.name === 'docker' ? engineComplaint(binary!) : undefined);
    if (complaint) complaints.push(complaint);
  }
  // Nothing is downloaded for a run that is refused anyway.
  const failure = findEngine() || complaints.length > 0 ? undefined : downloadEngine();
  const engine = findEngine();
  const complaint = complaintOf(TOOLS.pulumi, engine);
  if (complaint) complaints.push(failure ? `${complaint} (${failure})` : complaint);
  if (engine && complaints.length === 0) return engine;
  throw new PreflightError(['Something is missing:', ...complaints.map((line) => `  ${line}`)].join('\n'));
}

const DOWNLOAD_MS = 10 * 60_000;

/**
 * Has the npm package `pulumi` download the engine into its cache, `~/.pulumi/versions`. Returns undefined,
 * or why it
 * could not.
 */
export function downloadEngine(): string | undefined {
  const launcher = path.resolve(import.meta.dirname, '../../node_modules/pulumi/run.js');
  if (!existsSync(launcher)) return 'the npm package pulumi, which downloads it, is not installed';
  process.stderr.write(`Downloading Pulumi ${LAUNCHED_ENGINE}; this happens once.\n`);
  const { status, stderr, error } = spawnSync(process.execPath, [launcher, 'version'], {
    encoding: 'utf8',
    env: { ...process.env, PULUMI_VERSION: LAUNCHED_ENGINE, PULUMI_SKIP_UPDATE_CHECK: 'true' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: DOWNLOAD_MS,
  });
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return `it could not be downloaded: ${reason}`;
}
