import { chmodSync, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CertificateError, reasonOf } from '../errors.ts';
import { writeFileAtomically } from './atomic-files.ts';
import { pathsOf } from './authority-files.ts';

/** Names that are an authority's in its directory, whether or not the file is there yet. */
const OWN_NAMES = new Set(Object.values(pathsOf('')).map((path) => fold(basename(path))));
for (const name of ['authority.json', 'issued.json', 'consumers.json', 'revoked.json', 'lock']) OWN_NAMES.add(name);
const OWN_PATTERN = /^(\.pending|\.staging|\.lock-.*|[0-9a-f]{16}\.crl)$/;

/**
 * Makes sure that a command may write to each of `outputs`. None may be a file of an authority, by any path, link or
 * spelling, or a file that the command reads, and no two may be the same. Called before anything is made. Throws a
 * CertificateError.
 */
export function requireOutputs(
  dir: string,
  outputs: readonly string[],
  { inputs = [] }: { inputs?: readonly (string | undefined)[] } = {},
): void {
  const taken = new Map(inputs.flatMap((path) => (path === undefined ? [] : [[identityOf(path), path] as const])));
  for (const output of outputs) {
    if (isAuthorityFile(dir, output)) {
      throw new CertificateError(
        'exists',
        `${output} belongs to the authority itself: choose another file. The rotate command renews the authority's own files.`,
      );
    }
    const other = taken.get(identityOf(output));
    if (other !== undefined) {
      throw new CertificateError('exists', `${output} and ${other} are the same file: choose another one to write to.`);
    }
    taken.set(identityOf(output), output);
  }
}

/** Writes a file of a command. Throws a CertificateError that names it. */
export function writeOutput(path: string, data: string | Uint8Array, mode = 0o600): void {
  try {
    writeFileAtomically(path, data, mode);
  } catch (error) {
    throw new CertificateError(
      'unreadable',
      `${path} cannot be written (${reasonOf(error)}): check that its directory exists and who owns it.`,
      { cause: error },
    );
  }
}

/** Makes a directory for keys accessible to its owner alone. Throws a CertificateError when others use it too. */
export function closeDirectory(directory: string): void {
  const { uid, mode } = statSync(directory);
  if ((mode & 0o7777) === 0o700) return;
  const self = process.getuid?.();
  if ((mode & 0o1000) !== 0 || (self !== undefined && uid !== self)) {
    throw new CertificateError(
      'unreadable',
      `${directory} is shared with others (mode ${(mode & 0o7777).toString(8)}), and keys do not belong there: ` +
        'choose a --dir that is not there yet.',
    );
  }
  chmodSync(directory, 0o700);
}

function isAuthorityFile(dir: string, output: string): boolean {
  const directory = realPathOf(resolve(dir));
  const path = realPathOf(resolve(output));
  // Symbolic links have been followed by then. Hard links are the same file, and so are spellings that differ only in
  // case on some file systems.
  const identity = identityOf(output);
  if (filesIn(directory).some((own) => isOwn(directory, own) && identityOf(own) === identity)) return true;
  if (isOwn(directory, path)) return true;
  // The file may belong to an authority that the command line does not name.
  const parents = [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))];
  return parents.some((parent) => isAuthority(parent) && isOwn(parent, path));
}

/** Whether a path inside a directory is one of the authority's there. */
function isOwn(directory: string, path: string): boolean {
  const [top, ...below] = relativeParts(directory, path);
  if (top === undefined) return false;
  if (top === 'acme' || top === 'lock') return true;
  return below.length === 0 && (OWN_NAMES.has(top) || OWN_PATTERN.test(top));
}

function relativeParts(directory: string, path: string): string[] {
  const [base, full] = [fold(directory), fold(path)];
  if (full === base) return ['lock'];
  return full.startsWith(`${base}/`) ? full.slice(base.length + 1).split('/') : [];
}

const isAuthority = (directory: string): boolean => {
  const { root, intermediate } = pathsOf(directory);
  return existsSync(root) && existsSync(intermediate);
};

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name)));
}

/** The existing file, or the place where it would be. */
function identityOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? realPathOf(resolve(path)) : `${found.dev}:${found.ino}`;
}

/** As the system sees it, with links followed as far as the path exists. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPathOf(parent), basename(path));
  }
}

/** Spellings that some file system takes for the same name. */
function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
