import { CertificateError } from '../errors.ts';

export type Role = 'root' | 'intermediate' | 'leaf';
export interface Validity {
  notBefore: Date;
  notAfter: Date;
}

/** Milliseconds: how long a certificate is valid, and how long before its end its successor is made. */
export interface Lifetime {
  duration: number;
  renewBefore: number;
}
export type Lifetimes = Readonly<Record<Role, Lifetime>>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SECOND_MS = 1_000;

/** Clients whose clocks run behind by less than this accept a certificate the moment it is made. */
export const BACKDATE_MS = 10 * MINUTE_MS;

/**
 * Derives when each level is renewed, such that `child.duration <= parent.renewBefore` on every level:
 * whatever a parent signs before it is due for renewal ends before the parent does.
 * Throws a CertificateError when a level would be due from its first moment.
 */
export function lifetimesOf(durations: Readonly<Record<Role, number>>): Lifetimes {
  const { root, intermediate, leaf } = durations;
  if (!(root > intermediate && intermediate > leaf && leaf > BACKDATE_MS)) {
    throw new CertificateError(
      'invalid_lifetimes',
      `The lifetimes root ${root}, intermediate ${intermediate} and leaf ${leaf} (ms) do not fit: ` +
        `each has to be longer than the one below it, and the leaf's longer than ${BACKDATE_MS}.`,
    );
  }
  return Object.freeze({
    root: { duration: root, renewBefore: intermediate },
    intermediate: { duration: intermediate, renewBefore: leaf },
    leaf: { duration: leaf, renewBefore: leaf / 3 },
  });
}

/** The one table of lifetimes. */
export const lifetimes: Lifetimes = lifetimesOf({ root: 3650 * DAY_MS, intermediate: 90 * DAY_MS, leaf: 7 * DAY_MS });

/** The longest lifetime, in days, that browsers accept from a public authority, by the date from which it holds. */
export const browserLimits: readonly (readonly [from: string, days: number])[] = [
  ['2020-09-01', 398],
  ['2026-03-15', 200],
  ['2027-03-15', 100],
  ['2029-03-15', 47],
];

/** Milliseconds that a server certificate issued at `now` may live by the CA/Browser Forum's rules. */
export function browserLimit(now: Date): number {
  const inForce = browserLimits.filter(([from]) => now >= new Date(from)).at(-1);
  return (inForce?.[1] ?? 825) * DAY_MS;
}

const LONGEST_LEAF_MS = 30 * DAY_MS;

/** The lifetime a leaf gets: the requested one, capped so that the leaf never outlives its parent. */
export function leafDuration(
  asked: number | undefined,
  table: Lifetimes,
  now: Date,
): { duration: number; shortenedFrom?: number } {
  const longest = Math.min(table.intermediate.renewBefore, LONGEST_LEAF_MS, browserLimit(now));
  const wanted = asked ?? table.leaf.duration;
  if (!(wanted > BACKDATE_MS)) {
    throw new CertificateError(
      'invalid_lifetimes',
      `A certificate of ${wanted} ms would expire before anyone uses it: ask for more than ${BACKDATE_MS} ms.`,
    );
  }
  return wanted <= longest ? { duration: wanted } : { duration: longest, shortenedFrom: wanted };
}

/** Validity of a certificate made now; it never begins before its issuer does, and never outlives it. */
export function validityFrom(now: Date, duration: number, issuer?: Validity): Validity {
  const start = Math.floor((now.getTime() - BACKDATE_MS) / SECOND_MS) * SECOND_MS;
  const notBefore = Math.max(start, issuer?.notBefore.getTime() ?? start);
  // Both ends count as valid, so a certificate of exactly `duration` ends one second earlier.
  const end = notBefore + Math.floor(duration / SECOND_MS) * SECOND_MS - SECOND_MS;
  const notAfter = Math.min(end, issuer?.notAfter.getTime() ?? end);
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
}

/**
 * Whether a successor should be made now. False when the issuer's own end is what shortens the certificate: a
 * successor would not live any longer.
 */
export function isDue(role: Role, validity: Validity, issuer: Validity, now: Date, table = lifetimes): boolean {
  const { duration, renewBefore } = table[role];
  const left = validity.notAfter.getTime() - now.getTime();
  const whole = validity.notAfter.getTime() - validity.notBefore.getTime();
  // A certificate shortened by its issuer is renewed at the same fraction of its life as a full one.
  const due = role === 'leaf' ? left < whole * (renewBefore / duration) : left < renewBefore;
  return due && validityFrom(now, duration, issuer).notAfter > validity.notAfter;
}
