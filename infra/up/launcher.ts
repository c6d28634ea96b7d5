import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { LAUNCHED_ENGINE } from './tools.ts';

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
