import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadCertificate, loadRoot, loadTrust, pathsOf } from '../directory/authority-files.ts';
import { type Consumer, readConsumers } from '../directory/consumers.ts';
import { type IssuedElsewhere, readIssued } from '../directory/issued.ts';
import { CertificateError } from '../errors.ts';
import { rootsHeldBy } from '../trust/stores.ts';
import { keyId } from '../x509/keys.ts';
import { subjectText } from '../x509/summary.ts';

/**
 * Steady: there is one root. Accepted: clients learn the next root. Issued: the next root signs, and clients still
 * trust the previous one.
 */
export type Phase = 'steady' | 'accepted' | 'issued';

export interface RolloverStatus {
  phase: Phase;
  /** Subjects, by what they are for. */
  roots: { issuing: string; next?: string; previous?: string };
  /** Subjects of the roots that clients should trust, as in `roots.pem`. */
  trusted: string[];
  /** Whether clients that know the previous root only accept what the next one signs. */
  crossSigned: boolean;
  /** Places where roots were installed, and the subjects of the roots that each lacks. */
  consumers: (Consumer & { needs: string[] })[];
  /** Leaves outside the directory that do not lead to the newest root. */
  leaves: IssuedElsewhere[];
}

/** The roots of a directory by their part in a rollover. */
export interface Roots {
  phase: Phase;
  issuing: X509Certificate;
  next?: X509Certificate;
  previous?: X509Certificate;
  cross?: X509Certificate;
}

/** Throws a CertificateError for a directory without a root, or with a damaged one. */
export function loadRoots(directory: string): Roots {
  const paths = pathsOf(directory);
  const issuing = loadRoot(directory);
  if (issuing === undefined) {
    throw new CertificateError(
      'incomplete',
      `${paths.root} is missing: make an authority with "npm run certs -- init".`,
    );
  }
  const load = (path: string) => (existsSync(path) ? loadCertificate('root', directory, path) : undefined);
  const [next, previous, cross] = [load(paths.nextRoot), load(paths.previousRoot), load(paths.cross)];
  const phase = next !== undefined ? 'accepted' : previous !== undefined ? 'issued' : 'steady';
  return {
    phase,
    issuing,
    ...(next === undefined ? {} : { next }),
    ...(previous === undefined ? {} : { previous }),
    ...(cross === undefined ? {} : { cross }),
  };
}

/** The phase of a rollover, and the places and leaves that are not ready for the next one. Changes nothing. */
export async function rolloverStatus(dir: string, now = new Date()): Promise<RolloverStatus> {
  const directory = resolve(dir);
  const { phase, issuing, next, previous, cross } = loadRoots(directory);
  const trusted = loadTrust(directory);
  const newest = next ?? issuing;
  return {
    phase,
    roots: {
      issuing: subjectText(issuing),
      ...(next === undefined ? {} : { next: subjectText(next) }),
      ...(previous === undefined ? {} : { previous: subjectText(previous) }),
    },
    trusted: trusted.map(subjectText),
    crossSigned: cross !== undefined,
    consumers: await Promise.all(
      readConsumers(directory).map(async (consumer) => ({
        ...consumer,
        needs: (await missingIn(consumer, trusted)).map(subjectText),
      })),
    ),
    leaves: readIssued(directory, now).filter(({ root }) => root !== keyId(newest)),
  };
}

/** The roots that a place lacks; all of them when it cannot be looked at. */
export async function missingIn(consumer: Consumer, roots: readonly X509Certificate[]): Promise<X509Certificate[]> {
  let held: X509Certificate[] = [];
  try {
    held = await rootsHeldBy(consumer, roots);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
  }
  return roots.filter((root) => !held.includes(root));
}
