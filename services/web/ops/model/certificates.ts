import type { ServedCertificate } from '../../../protocol/operations.ts';

export type Level = 'good' | 'warn' | 'bad';

/** Below a quarter of its life a certificate should have been renewed long ago. */
const LATE_SHARE = 1 / 4;

/** How a certificate's time stands. */
export function certificateLevel({ notBefore, notAfter }: ServedCertificate, now: number): Level {
  if (now >= notAfter || now < notBefore) return 'bad';
  return notAfter - now < (notAfter - notBefore) * LATE_SHARE ? 'warn' : 'good';
}

/** The share of its life that is left, between 0 and 1. */
export function shareLeft({ notBefore, notAfter }: ServedCertificate, now: number): number {
  return Math.min(1, Math.max(0, (notAfter - now) / (notAfter - notBefore || 1)));
}

/** What a certificate is in a chain that begins with the leaf. */
export function roleOf(certificates: readonly ServedCertificate[], index: number): string {
  if (index === 0) return 'Leaf';
  const { subject, issuer } = certificates[index]!;
  return subject === issuer ? 'Root' : 'Intermediate';
}
