import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { docker, dockerEnvironment, dockerProblem } from '../image/docker.ts';
import { PreflightError } from '../local/errors.ts';
import { requirePort } from '../local/ports.ts';
import { findOwner } from './files.ts';
import { prepareCompose } from './prepare.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
async function requireDocker(): Promise<void> {
  const problem = await dockerProblem();
  if (problem !== undefined) throw new PreflightError(problem);
  await docker(['compose', 'version']).catch(() => {
    throw new PreflightError('docker compose is missing: install the Compose plugin of Docker, version 2.20 or newer.');
  });
}

/** @throws PreflightError when another process has one of the ports; our own edge releases them by itself. */
async function requirePorts({ port, httpPort, host }: Config): Promise<void> {
  const project = process.env['COMPOSE_PROJECT_NAME'] ?? 'gridlock';
  const filter = (label: string) => ['--filter', `label=com.docker.compose.${label}`];
  const edge = await docker(['ps', '--quiet', ...filter(`project=${project}`), ...filter('service=edge')]);
  if (edge.trim() !== '') return;
  await requirePort(port, '--port', host);
  await requirePort(httpPort, '--http-port', host);
}

/** Runs docker compose in the foreground; resolves with its exit code. */
async function composeUp(composeFile: string | undefined, options: readonly string[]): Promise<number> {
  const env = await dockerEnvironment();
  const up =
    composeFile === undefined
      ? ['compose', 'up', '--build', ...options]
      : // Containers of another number of copies, or of Gridlock's replicas, would be in the way.
        ['compose', '--file', composeFile, 'up', '--remove-orphans', ...options];
  const child = spawn('docker', up, { cwd: ROOT, env, stdio: 'inherit' });
  // The terminal sends Ctrl-C to both: Compose stops the containers, and we wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * Prepares the containers and, unless told otherwise, runs them in the foreground. Resolves with the exit code.
 * @throws PreflightError when Docker or a port is missing
 */
export async function runCompose(
  config: Config,
  { isPrepareOnly, upOptions }: { isPrepareOnly: boolean; upOptions: readonly string[] },
): Promise<number> {
  await requireDocker();
  if (!isPrepareOnly) await requirePorts(config);
  const { url, rootCertificate, composeFile } = await prepareCompose({ config, owner: await findOwner() });
  const trust = path.relative(process.cwd(), rootCertificate);
  const what = composeFile === undefined ? 'play' : 'your server is';
  process.stdout.write(`prepared; ${what} at ${url} as soon as the containers are up, and trust ${trust}\n`);
  if (composeFile !== undefined && isPrepareOnly) {
    process.stdout.write(`docker compose --file ${path.relative(process.cwd(), composeFile)} up starts it\n`);
  }
  return isPrepareOnly ? 0 : composeUp(composeFile, upOptions);
}
