// Pulumi without an account: state in a directory, secrets under a passphrase, both in the state directory.
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PreflightError } from '../local/errors.ts';
import { writePrivate } from '../local/state-dir.ts';
import { checkedInFile, ROOT, type UpPaths } from './paths.ts';
import { saltOf } from './stack-file.ts';
import { finish } from './unfinished.ts';

const stacksOf = (paths: UpPaths): string[] => {
  const directory = path.join(paths.backend, '.pulumi', 'stacks', 'gridlock');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.filter((name) => /\.json(\.gz)?$/.test(name)).map((name) => name.replace(/\.json(\.gz)?$/, ''));
};

/** Whether the backend knows the stack. */
export const stackExists = (paths: UpPaths, stack: string): boolean => stacksOf(paths).includes(stack);

/** The private directories of the backend, and Pulumi.yaml where `stack init` looks for it. */
function makeDirectories(paths: UpPaths): void {
  for (const directory of [paths.home, paths.backend, paths.project]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
  }
  copyFileSync(path.join(ROOT, 'Pulumi.yaml'), path.join(paths.project, 'Pulumi.yaml'));
}

/** A checked-in file with a salt was encrypted with the team's passphrase, and ours cannot decrypt it. */
function passphraseEnvironment(paths: UpPaths, stack: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const file = checkedInFile(stack);
  if (existsSync(file) && saltOf(readFileSync(file, 'utf8')) !== undefined) {
    const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = env;
    if (PULUMI_CONFIG_PASSPHRASE) return { PULUMI_CONFIG_PASSPHRASE };
    if (PULUMI_CONFIG_PASSPHRASE_FILE) return { PULUMI_CONFIG_PASSPHRASE_FILE };
    throw new PreflightError(
      `${file} has an encryptionsalt, so it was encrypted with a passphrase: ` +
        'put that into PULUMI_CONFIG_PASSPHRASE_FILE (the path of a file) or PULUMI_CONFIG_PASSPHRASE.',
    );
  }
  if (!existsSync(paths.passphrase)) {
    const [stack] = stacksOf(paths);
    if (stack !== undefined) {
      throw new PreflightError(
        `${paths.passphrase} is gone, and without it the state of the stack ${stack} cannot be read: put it back, ` +
          `or remove the cluster by hand and then ${paths.home}.`,
      );
    }
    writePrivate(paths.passphrase, `${randomBytes(32).toString('hex')}\n`);
  }
  return { PULUMI_CONFIG_PASSPHRASE_FILE: paths.passphrase };
}

/**
 * Makes the backend unless it exists. @returns the environment in which the engine uses it, the pinned Node and the
 * engine's own directory first on PATH
 */
export function openBackend(
  paths: UpPaths,
  stack: string,
  engine: string,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  makeDirectories(paths);
  const { PULUMI_CONFIG_PASSPHRASE: _own, PULUMI_CONFIG_PASSPHRASE_FILE: _file, ...rest } = env;
  const directories = [path.dirname(process.execPath), path.dirname(engine), env.PATH ?? ''];
  return {
    ...rest,
    ...passphraseEnvironment(paths, stack, env),
    PATH: directories.join(path.delimiter),
    PULUMI_BACKEND_URL: pathToFileURL(paths.backend).href,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // A lost working copy does not lose the stack, because the state has the salt too.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: 'true',
  };
}

/** Removes the files of one stack, and everything when it was the last one. */
export function forgetStack(paths: UpPaths): void {
  rmSync(paths.stackFile, { force: true });
  finish(paths);
  rmSync(paths.handed, { recursive: true, force: true });
  const handed = path.dirname(paths.handed);
  if (existsSync(handed) && readdirSync(handed).length === 0) rmdirSync(handed);
  if (stacksOf(paths).length === 0) rmSync(paths.home, { recursive: true, force: true });
}
