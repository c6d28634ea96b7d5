// Usage: npm run compose -- [--prepare] [flags of npm start] [-- options of docker compose up]
import { spawn } from 'node:child_process';
import path from 'node:path';
import { type Config, ConfigError, configHelp, readConfig } from '../config/config.ts';
import { docker, dockerEnvironment, dockerProblem } from '../image/docker.ts';
import { PreflightError } from '../local/errors.ts';
import { requirePort } from '../local/ports.ts';
import { findOwner } from './owner.ts';
import { prepareCompose } from './prepare.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const HELP = `npm run compose -- [--prepare] [flags] [-- options of docker compose up]

Prepares what compose.yaml needs (image, certificates, secrets, configuration), then runs docker compose up --build.
--prepare leaves it at that. replicas is fixed: compose.yaml names four.

${configHelp()}`;

async function requireDocker(): Promise<void> {
  const problem = await dockerProblem();
  if (problem !== undefined) throw new PreflightError(problem);
  await docker(['compose', 'version']).catch(() => {
    throw new PreflightError('docker compose is missing: install the Compose plugin of Docker, version 2.20 or newer.');
  });
}

/** @throws PreflightError when something else has one of the ports; our own edge gives them back by itself. */
async function requirePorts({ port, httpPort, host }: Config): Promise<void> {
  const project = process.env['COMPOSE_PROJECT_NAME'] ?? 'gridlock';
  const filter = (label: string) => ['--filter', `label=com.docker.compose.${label}`];
  const edge = await docker(['ps', '--quiet', ...filter(`project=${project}`), ...filter('service=edge')]);
  if (edge.trim() !== '') return;
  await requirePort(port, '--port', host);
  await requirePort(httpPort, '--http-port', host);
}

/** Runs docker compose in the foreground; resolves with its exit code. */
async function composeUp(options: readonly string[]): Promise<number> {
  const env = await dockerEnvironment();
  const child = spawn('docker', ['compose', 'up', '--build', ...options], { cwd: ROOT, env, stdio: 'inherit' });
  // The terminal sends Ctrl-C to both: Compose stops the containers, and we wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const flags = args.slice(0, end);
  const config = readConfig({ args: flags.filter((flag) => flag !== '--prepare'), directory: ROOT });
  await requireDocker();
  if (!flags.includes('--prepare')) await requirePorts(config);
  const { url, rootCertificate } = await prepareCompose({ config, owner: await findOwner() });
  const trust = path.relative(process.cwd(), rootCertificate);
  process.stdout.write(`prepared; play at ${url} as soon as the containers are up, and trust ${trust}\n`);
  return flags.includes('--prepare') ? 0 : composeUp(args.slice(end + 1));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const refused =
    error instanceof ConfigError ||
    error instanceof PreflightError ||
    (error instanceof Error && error.name === 'CertificateError');
  process.stderr.write(`${refused ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = refused ? 2 : 1;
}
