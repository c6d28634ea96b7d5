import type { X509Certificate } from 'node:crypto';
import { loadIntermediate, loadLeaf, loadRoot } from '../directory/authority-files.ts';
import { lifetimesIn, readSettings } from '../directory/settings.ts';
import { isDue, type Lifetimes, type Role } from '../x509/lifetimes.ts';
import { validityOf } from '../x509/summary.ts';

/** The kinds of renewal, in the order in which they are done. */
export interface Due {
  roles: ('intermediate' | 'leaf')[];
  rootIsDue: boolean;
}

/**
 * The spread of renewals, as a fraction of the lifetime. It keeps leaves that were made together from being renewed
 * together.
 */
const JITTER_SHARE = 1 / 20;

/**
 * The time to renew a leaf: after two thirds of its life, plus a random delay. The delay comes from its fingerprint, so
 * that it is the same after a restart.
 */
export function renewalTime(certificate: X509Certificate, lifetimes: Lifetimes): Date {
  const { notBefore, notAfter } = validityOf(certificate);
  const whole = notAfter.getTime() - notBefore.getTime();
  const chance = Number.parseInt(certificate.fingerprint256.replaceAll(':', '').slice(0, 8), 16) / 2 ** 32;
  const { duration, renewBefore } = lifetimes.leaf;
  return new Date(notAfter.getTime() - whole * (renewBefore / duration) + whole * JITTER_SHARE * chance);
}

/** The renewals that are due in a directory. Throws a CertificateError for missing or damaged files. */
export function renewalsDue(directory: string, now: Date): Due {
  const lifetimes = lifetimesIn(readSettings(directory));
  const root = loadRoot(directory);
  const intermediate = root && loadIntermediate(directory, root);
  const leaf = loadLeaf(directory);
  if (root === undefined || intermediate === undefined) return { roles: [], rootIsDue: false };
  const due = (role: Role, certificate: X509Certificate, issuer: X509Certificate) =>
    isDue(role, validityOf(certificate), validityOf(issuer), now, lifetimes);
  const rootLeft = validityOf(root).notAfter.getTime() - now.getTime();
  const roles: Due['roles'] = [];
  // A certificate from a clock that was ahead is not valid yet, so no client accepts it.
  const early = (certificate: X509Certificate) => validityOf(certificate).notBefore > now;
  if (due('intermediate', intermediate, root) || early(intermediate)) roles.push('intermediate');
  const rootIsDue = rootLeft < lifetimes.root.renewBefore;
  // An authority without a cluster has no leaf.
  if (leaf === undefined) return { roles, rootIsDue };
  // An interrupted change may have left a leaf of an earlier intermediate.
  const strange = leaf.issuer.fingerprint256 !== intermediate.fingerprint256;
  const leafDue = due('leaf', leaf.certificate, intermediate) && now >= renewalTime(leaf.certificate, lifetimes);
  if (leafDue || strange || early(leaf.certificate)) roles.push('leaf');
  return { roles, rootIsDue };
}

/**
 * Milliseconds to wait after the nth failure in a row. The longest wait doubles up to five minutes; the actual one is
 * chosen at random from its upper half.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(300_000, 1000 * 2 ** Math.min(failures - 1, 20));
  return Math.round(longest / 2 + (longest / 2) * random());
}
