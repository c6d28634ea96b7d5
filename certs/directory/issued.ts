import type { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateError, reasonOf } from '../errors.ts';
import { keyId } from '../x509/keys.ts';
import { subjectText, validityOf } from '../x509/summary.ts';
import { commit } from './atomic-files.ts';

/** A leaf outside the directory, which rollover has to know about. */
export interface IssuedElsewhere {
  /** The file it was written to, or the request it was signed for. */
  place: string;
  subject: string;
  serialNumber: string;
  notAfter: string;
  /** `keyId` of the root it leads to. */
  root: string;
}

const FILE_NAME = 'issued.json';

/** The issued leaves that are still valid. Throws a CertificateError for a damaged record. */
export function readIssued(directory: string, now: Date): IssuedElsewhere[] {
  const path = join(directory, FILE_NAME);
  if (!existsSync(path)) return [];
  try {
    const entries = JSON.parse(readFileSync(path, 'utf8')) as IssuedElsewhere[];
    return entries.filter(({ notAfter }) => new Date(notAfter) >= now);
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `${path} is damaged (${reasonOf(error)}): remove it; rollover then no longer knows the leaves issued so far.`,
      { cause: error },
    );
  }
}

/** Records a leaf, in place of an earlier one at the same place. The caller holds the directory's lock. */
export function recordIssued(
  directory: string,
  place: string,
  leaf: X509Certificate,
  root: X509Certificate,
  now: Date,
): void {
  const others = readIssued(directory, now).filter((entry) => entry.place !== place);
  const entry: IssuedElsewhere = {
    place,
    subject: subjectText(leaf),
    serialNumber: leaf.serialNumber.toUpperCase(),
    notAfter: validityOf(leaf).notAfter.toISOString(),
    root: keyId(root),
  };
  const data = `${JSON.stringify([...others, entry], null, 2)}\n`;
  commit(directory, [{ name: FILE_NAME, data, mode: 0o600 }]);
}
