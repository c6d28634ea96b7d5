import { Counter, Gauge, Registry } from 'prom-client';
import type { CertificateSummary } from '../x509/summary.ts';

/** `role`: the place in the chain, or `served` for the user's own file. */
export type Expiring = Pick<CertificateSummary, 'path' | 'notAfter'> & { role: string };

const RENEWED = ['leaf', 'intermediate', 'acme', 'served'];
/** A kind of failure that belongs to no renewal. */
const OTHER_WORK = ['chain', 'crl'];

/** The metrics of a daemon that renews certificates. */
export class WatchMetrics {
  #registry = new Registry();
  #expiry = new Gauge({
    name: 'certificate_expiry_seconds',
    help: 'Seconds until the certificate expires; negative after that.',
    labelNames: ['role', 'path'],
    registers: [this.#registry],
  });
  /** A moment, so that a change shows whenever a certificate was replaced, by this daemon or by hand. */
  #notAfter = new Gauge({
    name: 'certificate_not_after_seconds',
    help: 'End of validity of the certificate, in seconds since 1970.',
    labelNames: ['role', 'path'],
    registers: [this.#registry],
  });
  #renewals = new Counter({
    name: 'certificate_renewals_total',
    help: 'Certificates renewed, by role.',
    labelNames: ['role'],
    registers: [this.#registry],
  });
  #failures = new Counter({
    name: 'certificate_renewal_failures_total',
    help: 'Attempts to renew that failed, by role.',
    labelNames: ['role'],
    registers: [this.#registry],
  });
  #corrections = new Counter({
    name: 'certificate_edge_corrections_total',
    help: 'Times that the edge did not serve the leaf on disk, and was corrected.',
    registers: [this.#registry],
  });

  constructor() {
    // A series that exists from the start shows the first event as a rate.
    for (const role of RENEWED) this.#renewals.inc({ role }, 0);
    for (const role of [...RENEWED, ...OTHER_WORK]) this.#failures.inc({ role }, 0);
  }

  /** Drops the certificates that are gone. */
  expiries(certificates: readonly Expiring[], now: Date): void {
    this.#expiry.reset();
    this.#notAfter.reset();
    for (const { role, path, notAfter } of certificates) {
      this.#notAfter.set({ role, path }, Math.floor(Date.parse(notAfter) / 1000));
      this.#expiry.set({ role, path }, Math.floor((Date.parse(notAfter) - now.getTime()) / 1000));
    }
  }

  renewed(role: string): void {
    this.#renewals.inc({ role });
  }

  failed(role: string): void {
    this.#failures.inc({ role });
  }

  corrected(): void {
    this.#corrections.inc();
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
