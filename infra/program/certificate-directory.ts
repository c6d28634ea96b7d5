import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LEAVES, type Leaf, type Names, union } from '../components/certificates/certificate-set.ts';
import { ConfigError } from '../config/config.ts';

/** A certificate with its chain, and its key. */
export interface Pair {
  /** The leaf and the certificates between it and its root, as PEM. */
  readonly chain: string;
  readonly key: string;
}

/** The names of each certificate that is needed. */
export type WantedNames = Readonly<{ edge: Names } & Partial<Record<Leaf, Names>>>;

export interface CertificateDirectory {
  /** All accepted roots as PEM. */
  readonly roots: string;
  readonly leaves: Readonly<{ edge: Pair } & Partial<Record<Leaf, Pair>>>;
}

/** A directory of certificates that cannot be used; the message is a sentence that says what to do. */
export class CertificateDirectoryError extends ConfigError {
  override name = 'CertificateDirectoryError';
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[^-]+-----END (?:EC |RSA )?PRIVATE KEY-----/g;

const wanted = (names: WantedNames): Leaf[] => LEAVES.filter((leaf) => names[leaf] !== undefined);

function read(file: string, leaves: readonly Leaf[]): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CertificateDirectoryError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code}): certificatesDir has to hold root.pem and ` +
        `${leaves.map((leaf) => `${leaf}.pem`).join(', ')}, each with leaf, intermediate and key.`,
    );
  }
}

const covers = (certificate: X509Certificate, { dnsNames, ipAddresses }: Names): string[] => [
  ...dnsNames.filter((name) => certificate.checkHost(name) === undefined),
  ...ipAddresses.filter((address) => certificate.checkIP(address) === undefined),
];

function readPair(file: string, text: string, names: Names, now: Date): Pair {
  const [chain, keys] = [text.match(CERTIFICATE) ?? [], text.match(KEY) ?? []];
  const [first] = chain;
  const [key] = keys;
  if (first === undefined || key === undefined || keys.length > 1) {
    throw new CertificateDirectoryError(
      `${file} does not hold a certificate and one unencrypted key: put leaf, intermediate and key into it.`,
    );
  }
  const leaf = new X509Certificate(first);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    throw new CertificateDirectoryError(`The key in ${file} does not belong to its certificate: make the file again.`);
  }
  if (leaf.validToDate <= now) {
    throw new CertificateDirectoryError(
      `The certificate in ${file} expired on ${leaf.validToDate.toISOString()}: make it again.`,
    );
  }
  const missing = covers(leaf, names);
  if (missing.length > 0) {
    throw new CertificateDirectoryError(
      `The certificate in ${file} is not for ${missing.join(', ')}: make it again, for these names too.`,
    );
  }
  return { chain: `${chain.join('\n')}\n`, key: `${key}\n` };
}

/**
 * Reads a directory as `certs/` writes it: `roots.pem` with all accepted roots, or `root.pem`, and a file for each leaf
 * with the leaf, its intermediate and its key.
 * @throws CertificateDirectoryError for a file that is missing, damaged, expired, or not for the needed names
 */
export function readCertificateDirectory(
  directory: string,
  names: WantedNames,
  now = new Date(),
): CertificateDirectory {
  const at = (name: string) => path.join(directory, name);
  const leaves = wanted(names);
  const readAt = (name: string) => read(at(name), leaves);
  const roots = readAt(existsSync(at('roots.pem')) ? 'roots.pem' : 'root.pem');
  const pairs = leaves.map((leaf) => {
    const file = `${leaf}.pem`;
    return [leaf, readPair(at(file), readAt(file), names[leaf] as Names, now)] as const;
  });
  return { roots, leaves: Object.fromEntries(pairs) as CertificateDirectory['leaves'] };
}

/**
 * Makes such a directory, with its own authority in it. Valid certificates are kept; those that are due are issued
 * again. Resolves with the leaves that were issued.
 */
export async function ensureCertificateDirectory(directory: string, names: WantedNames, now?: Date): Promise<Leaf[]> {
  const { ensureChain, issueLeaf } = await import('../../certs/index.ts');
  const common = { dir: directory, ...(now === undefined ? {} : { now }) };
  const leaves = wanted(names);
  await ensureChain({ ...common, ...union(leaves.map((leaf) => names[leaf] as Names)) });
  const made: Leaf[] = [];
  for (const leaf of leaves) {
    const out = path.join(directory, `${leaf}.pem`);
    const { issued } = await issueLeaf({ ...common, ...(names[leaf] as Names), out, reuse: true });
    if (issued) made.push(leaf);
  }
  return made;
}
