import { readApiKeys } from '../config/api-keys.ts';
import { checkApp } from '../config/app.ts';
import type { Config } from '../config/config.ts';
import { readJwtKeys } from '../config/jwt-keys.ts';
import { type HaproxyBuild, inspectHaproxy } from '../edge/haproxy.ts';
import { findBinary, installCommand } from '../setup/binaries.mjs';
import { passphraseOf, requireCertificateFile } from './certificates.ts';
import { requireOpenFiles } from './edge-process.ts';
import { PreflightError } from './errors.ts';
import { requirePort } from './ports.ts';
import { leftoversOf, requireOurs, requireUnowned } from './state-dir.ts';
import { type StatePaths, statePaths } from './state-paths.ts';
import { requireCommand, startedIn } from './user-command.ts';

export interface Preflight {
  paths: StatePaths;
  /** Empty when the cluster has no Redis. */
  redis: string;
  haproxy: string;
  haproxyBuild: HaproxyBuild;
}

function requireBinary(part: string, ...names: string[]): string {
  const binary = findBinary(...names);
  if (binary !== undefined) return binary;
  throw new PreflightError(`${names[0]} is not installed: ${installCommand([part])}`);
}

/** @throws PreflightError when a port of the edge cannot be listened on */
export async function requirePorts({ port, httpPort, host }: Config): Promise<void> {
  await requirePort(port, '--port', host);
  await requirePort(httpPort, '--http-port', host);
}

/**
 * Checks everything that can be checked before anything is started or written.
 * @throws PreflightError, or ConfigError, with one sentence
 */
export async function preflight(config: Config): Promise<Preflight> {
  const paths = statePaths(config.stateDir);
  // This check comes first, as an instance on this directory usually holds the ports too.
  requireUnowned(paths);
  requireOurs(paths);
  // Processes that a killed instance left behind may hold the ports: they are ended first.
  if (leftoversOf(paths).length === 0) await requirePorts(config);
  requireOpenFiles();
  if (config.command !== '') requireCommand(config.command, startedIn());
  await requireCertificateFile(config);
  await passphraseOf(config);
  readJwtKeys(config);
  readApiKeys(config);
  await checkApp(config);
  const redis = config.redis === 'none' ? '' : requireBinary('redis', 'redis-server');
  const haproxy = requireBinary('haproxy', 'haproxy');
  const haproxyBuild = await inspectHaproxy(haproxy).catch((error: Error) => {
    throw new PreflightError(`${haproxy} cannot be run (${error.message}): ${installCommand(['haproxy'])}`);
  });
  if (!haproxyBuild.supported) {
    throw new PreflightError(`${haproxy} is version ${haproxyBuild.version}; the edge needs HAProxy 2.6 or newer.`);
  }
  return { paths, redis, haproxy, haproxyBuild };
}
