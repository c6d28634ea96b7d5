// Backups of a stack that is up: the data of Redis, and the roots with their keys.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readPassphrase } from '../../certs/text-file.ts';
import { CERT_MANAGER } from '../components/certificates/cert-manager.ts';
import { scopeOf } from '../components/names.ts';
import { type Config, readConfig } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { writePrivate } from '../local/state-dir.ts';
import { CLUSTER } from '../program/names.ts';
import { ROOT, upPaths } from '../up/paths.ts';
import { KubectlPods, type Pods } from './pods.ts';
import { backUpRedis, requireSnapshot, restoreRedis } from './redis-backup.ts';
import { backUpRoots, restoreRoots, type SavedRoot } from './root-backup.ts';

const SNAPSHOT = 'redis.rdb';
const ROOTS = 'roots.json';

export interface RunningStack {
  readonly config: Pick<Config, 'stack' | 'namespace' | 'redis' | 'certificates' | 'pki'>;
  readonly pods: Pods;
}

/**
 * A stack as its last `up` had it.
 * @param args --stack and --state-dir
 * @throws ConfigError or PreflightError when it is not up
 */
export function runningStack(args: readonly string[]): RunningStack {
  const { stack, stateDir } = readConfig({ args, directory: ROOT });
  const paths = upPaths(stateDir, stack);
  if (!existsSync(paths.kubeconfig) || !existsSync(paths.stackFile)) {
    throw new PreflightError(`The stack ${stack} is not up: npm run up first.`);
  }
  const config = readConfig({ args: ['--stack', stack], directory: path.dirname(paths.stackFile) });
  return { config, pods: new KubectlPods(paths.kubeconfig, config.namespace) };
}

const hasRedis = ({ redis }: RunningStack['config']): boolean => redis === 'single' || redis === 'sentinel';
/** With ACME, only Redis has a certificate of the stack's own chain. */
const hasRoots = (config: RunningStack['config']): boolean =>
  config.certificates === 'cert-manager' || (config.certificates === 'acme' && hasRedis(config));

/** @throws PreflightError without a file for the passphrase */
function passphraseOf(file: string | undefined): string {
  if (file !== undefined) return readPassphrase(file);
  throw new PreflightError('The backup encrypts the key of the root: give a passphrase with --passphrase-file FILE.');
}

function newFile(directory: string, name: string): string {
  const file = path.join(directory, name);
  if (!existsSync(file)) return file;
  throw new PreflightError(`${file} exists already, and a backup never replaces another one: name another directory.`);
}

/**
 * Writes a snapshot of Redis, and the roots with their encrypted keys, into a directory. Resolves with the files.
 * @throws PreflightError, CertificateError or ClusterError
 */
export async function backUp(
  { config, pods }: RunningStack,
  { out, passphraseFile }: { out: string; passphraseFile?: string | undefined },
): Promise<string[]> {
  const [snapshot, roots] = [newFile(out, SNAPSHOT), newFile(out, ROOTS)];
  const passphrase = hasRoots(config) ? passphraseOf(passphraseFile) : undefined;
  const written: string[] = [];
  const write = (file: string, content: string | Buffer) => {
    mkdirSync(out, { recursive: true, mode: 0o700 });
    writePrivate(file, content);
    written.push(file);
  };
  const { namespace, pki } = config;
  if (passphrase !== undefined) {
    const where = { scope: scopeOf(namespace, CLUSTER), generations: pki.generations, namespace: CERT_MANAGER };
    write(roots, `${JSON.stringify(await backUpRoots(pods, where, passphrase), null, 2)}\n`);
  }
  if (hasRedis(config)) write(snapshot, await backUpRedis(pods, namespace, CLUSTER));
  if (written.length > 0) return written;
  throw new PreflightError(
    `The stack ${config.stack} has nothing to back up: its Redis and its certificates come from elsewhere.`,
  );
}

function readBackup(from: string, name: string): Buffer {
  const file = path.join(from, name);
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PreflightError(`${file} cannot be read (${code}): give the directory that npm run backup wrote.`);
  }
}

/**
 * Replaces everything in Redis by the data of a backup.
 * @throws PreflightError or ClusterError
 */
export async function restoreRedisOf({ config, pods }: RunningStack, from: string): Promise<void> {
  const snapshot = requireSnapshot(readBackup(from, SNAPSHOT), path.join(from, SNAPSHOT));
  await restoreRedis(pods, config.namespace, CLUSTER, snapshot);
}

/**
 * Puts the roots of a backup in place of the stack's own.
 * @throws PreflightError, CertificateError or ClusterError
 */
export async function restoreRootsOf(
  { config, pods }: RunningStack,
  { from, passphraseFile }: { from: string; passphraseFile?: string | undefined },
): Promise<string[]> {
  const roots = JSON.parse(readBackup(from, ROOTS).toString()) as SavedRoot[];
  const passphrase = passphraseOf(passphraseFile);
  const scope = scopeOf(config.namespace, CLUSTER);
  const accepted = config.pki.generations.map((generation) => `${scope}-root-${generation}`);
  const names = roots.map(({ name }) => name);
  const missing = names.filter((name) => !accepted.includes(name));
  if (missing.length > 0) {
    throw new PreflightError(
      `The backup has ${missing.join(' and ')}, which the stack ${config.stack} does not accept: before you ` +
        'restore, set gridlock:pki to its value when the backup was taken, and run npm run up.',
    );
  }
  await restoreRoots(pods, roots, passphrase);
  return names;
}
