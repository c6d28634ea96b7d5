import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConfigError } from '../../infra/config/config.ts';
import { dockerProblem } from '../../infra/image/docker.ts';
import { PreflightError } from '../../infra/local/errors.ts';
import { findEngine } from '../../infra/up/tools.ts';
import type { Mode, Options } from './options.ts';

const run = promisify(execFile);

/** One registry of each kind, to find out whether charts and their images are available. */
const REGISTRIES = ['https://quay.io/v2/', 'https://registry.k8s.io/v2/', 'https://registry-1.docker.io/v2/'];
const PATIENCE_MS = 5000;

/** @throws PreflightError with a sentence when the machine cannot run a kind cluster */
export async function requireKind(): Promise<void> {
  const problem = await dockerProblem();
  if (problem !== undefined) throw new PreflightError(problem);
  await run('kind', ['version']).catch(() => {
    throw new PreflightError('kind is not installed: get it from https://kind.sigs.k8s.io to run this.');
  });
}

async function unreachable(): Promise<string | undefined> {
  const answers = REGISTRIES.map((url) =>
    fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) }).then(
      () => undefined,
      () => url,
    ),
  );
  return (await Promise.all(answers)).find((url) => url !== undefined);
}

/** Why the full mode is not possible, as a sentence; undefined when it is. */
async function fullProblem({ charts }: Options): Promise<string | undefined> {
  if (findEngine() === undefined) {
    return 'The Pulumi CLI is not on PATH: get it from https://www.pulumi.com/docs/iac/download-install.';
  }
  if (charts !== undefined) return undefined;
  const url = await unreachable();
  if (url === undefined) return undefined;
  const { host } = new URL(url);
  return `The charts are not available, because ${host} does not answer: pass a directory of charts with --charts.`;
}

/** Chooses the mode, and says why. @throws PreflightError if the requested mode is not possible */
export async function chooseMode(options: Options): Promise<{ mode: Mode; reason: string }> {
  if (options.mode === 'plain') {
    if (options.charts !== undefined) throw new ConfigError('--charts is for the full mode: plain installs no chart.');
    return { mode: 'plain', reason: 'as asked' };
  }
  const problem = await fullProblem(options);
  if (problem === undefined) return { mode: 'full', reason: 'the Pulumi CLI and the charts are available' };
  if (options.mode === 'full') throw new PreflightError(problem);
  return { mode: 'plain', reason: problem };
}

/** Whether the engine can build the image itself, because its Docker provider is installed. */
export async function hasDockerProvider(): Promise<boolean> {
  const { stdout } = await run(findEngine()!, ['plugin', 'ls', '--json']).catch(() => ({ stdout: '[]' }));
  return (JSON.parse(stdout) as { name: string }[]).some(({ name }) => name === 'docker');
}
