import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Config, ConfigError } from '../../config/config.ts';
import { allNames, LEAVES, type Leaf, leafNames, type Names } from './certificate-set.ts';

/** A certificate with its chain, and its key. */
export interface Pair {
  /** Leaf and what is between it and its root, as PEM. */
  readonly chain: string;
  readonly key: string;
}

export interface CertificateDirectory {
  /** All accepted roots as PEM. */
  readonly roots: string;
  readonly leaves: Readonly<Record<Leaf, Pair>>;
}

/** A directory of certificates that cannot be used; the message is a sentence that says what to do. */
export class CertificateDirectoryError extends ConfigError {
  override name = 'CertificateDirectoryError';
}

type NamedBy = Pick<Config, 'host' | 'namespace' | 'cluster'>;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[^-]+-----END (?:EC |RSA )?PRIVATE KEY-----/g;

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CertificateDirectoryError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code}): certificatesDir has to hold root.pem and ` +
        `${LEAVES.map((leaf) => `${leaf}.pem`).join(', ')}, each with leaf, intermediate and key.`,
    );
  }
}

const covers = (certificate: X509Certificate, { dnsNames, ipAddresses }: Names): string[] => [
  ...dnsNames.filter((name) => certificate.checkHost(name) === undefined),
  ...ipAddresses.filter((address) => certificate.checkIP(address) === undefined),
];

function readPair(file: string, names: Names, now: Date): Pair {
  const text = read(file);
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
 * Reads a directory as `certs/` writes it: `roots.pem` with all accepted roots, or `root.pem`, and a file for
 * each leaf with the leaf, its intermediate and its key.
 * @throws CertificateDirectoryError for what is missing, damaged, expired, or not for the names it is needed
 * for
 */
export function readCertificateDirectory(directory: string, config: NamedBy, now = new Date()): CertificateDirectory {
  const at = (name: string) => path.join(directory, name);
  const roots = read(existsSync(at('roots.pem')) ? at('roots.pem') : at('root.pem'));
  const pairs = LEAVES.map((leaf) => [leaf, readPair(at(`${leaf}.pem`), leafNames(config, leaf), now)] as const);
  return { roots, leaves: Object.fromEntries(pairs) as Record<Leaf, Pair> };
}

/**
 * Makes such a directory, with its own authority in it: what is good is kept, what is due is issued again.
 * Resolves with the leaves that were issued.
 */
export async function ensureCertificateDirectory(directory: string, config: NamedBy, now?: Date): Promise<Leaf[]> {
  const { ensureChain, issueLeaf } = await import('../../../certs/index.ts');
  const common = { dir: directory, ...(now === undefined ? {} : { now }) };
  await ensureChain({ ...common, ...allNames(config) });
  const made: Leaf[] = [];
  for (const leaf of LEAVES) {
    const out = path.join(directory, `${leaf}.pem`);
    const { issued } = await issueLeaf({ ...common, ...leafNames(config, leaf), out, reuse: true });
    if (issued) made.push(leaf);
  }
  return made;
}
