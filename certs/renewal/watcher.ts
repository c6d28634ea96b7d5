import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadTrust, pathsOf } from '../directory/authority-files.ts';
import { withDirectory } from '../directory/directory.ts';
import { withLock } from '../directory/directory-lock.ts';
import { readEdge } from '../edge/edge-deployment.ts';
import type { ServedFile } from '../edge/served-file.ts';
import { reasonOf } from '../errors.ts';
import { readChain } from '../lifecycle/chain.ts';
import { reconcile } from '../lifecycle/change.ts';
import { rotateIn } from '../lifecycle/rotate.ts';
import { readCertificates } from '../x509/pem.ts';
import { backoffMs, renewalsDue } from './renewals.ts';
import { type Expiring, WatchMetrics } from './watch-metrics.ts';

export interface WatchOptions {
  dir: string;
  /** Decrypts the root's key when the intermediate is due. */
  passphrase?: string | undefined;
  /** Called with a sentence about every renewal, failure and recovery. */
  report?: (line: string) => void;
  /** The user's own certificate, which the edge serves instead of the leaf. */
  served?: ServedFile | undefined;
  /** Milliseconds between two checks of the directory and the edge. */
  intervalMs?: number;
  now?: () => Date;
  random?: () => number;
}

/**
 * Renews an authority's certificates and keeps the edge serving them. A failure is retried at longer and longer
 * intervals; the certificate in use stays until then.
 */
export class Watcher {
  readonly metrics = new WatchMetrics();
  #directory: string;
  #options: WatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  #failures = 0;
  #rootWarned = false;
  #looking = false;
  #again = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#directory = resolve(options.dir);
  }

  /** Checks at once, and then at every interval until `stop`. */
  start(): void {
    this.#schedule(0);
    this.#options.served?.watch(() => this.#lookNow());
  }

  /** Resolves when the last check has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.served?.unwatch();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Its metrics, with the certificates as they are now: another process may have replaced one. */
  tell(): Promise<string> {
    this.#measure(this.#now());
    return this.metrics.text();
  }

  /** One check: does the renewals that are due. Resolves with a sentence for each failure. */
  async look(): Promise<string[]> {
    const now = this.#now();
    const failed: string[] = [];
    const attempt = async (role: string, work: () => Promise<unknown>) => {
      try {
        await work();
        return true;
      } catch (error) {
        this.metrics.failed(role);
        failed.push(reasonOf(error));
        return false;
      }
    };
    if (existsSync(this.#directory)) {
      await attempt('chain', () => this.#renewChain(now, attempt));
      await attempt('crl', () => this.#renewLists(now));
      await attempt('acme', () => this.#renewAcme(now));
      await attempt('served', () => this.#followFile(now));
    } else {
      // It was removed on purpose: do not bring it back.
      failed.push(`${this.#directory} is missing, and with it everything to renew: put back your copy.`);
    }
    this.#measure(now);
    if (failed.length > 0) this.#failures += 1;
    else if (this.#failures > 0) {
      this.#failures = 0;
      this.#report('certificates: renewal succeeds again');
    }
    return failed;
  }

  async #renewChain(
    now: Date,
    attempt: (role: string, work: () => Promise<unknown>) => Promise<boolean>,
  ): Promise<void> {
    const { passphrase } = this.#options;
    await withDirectory(this.#directory, async (directory) => {
      const { roles, rootIsDue } = renewalsDue(directory, now);
      if (rootIsDue && !this.#rootWarned) this.#report('certificates: the root expires soon, begin a rollover');
      this.#rootWarned = rootIsDue;
      let renewed = false;
      for (const role of roles) {
        // A new intermediate comes with a new leaf; when it fails, the leaf is renewed as long as that is
        // possible.
        if (renewed) break;
        renewed = await attempt(role, async () => {
          const { certificates } = await rotateIn(directory, { role, passphrase, now });
          for (const one of certificates) this.metrics.renewed(one.role);
          const until = certificates.at(-1)!.notAfter.slice(0, 16);
          this.#report(
            `certificates: renewed ${certificates.map((one) => one.role).join(' and ')}, valid until ${until}Z`,
          );
        });
      }
      if (!renewed && (await reconcile(directory, loadTrust(directory)))) {
        this.metrics.corrected();
        this.#report('certificates: the edge did not serve the leaf on disk; now it does');
      }
    });
  }

  async #renewLists(now: Date): Promise<void> {
    const { refreshCrls } = await import('../lifecycle/revoke.ts');
    await refreshCrls({ dir: this.#directory, now, passphrase: this.#options.passphrase });
  }

  async #renewAcme(now: Date): Promise<void> {
    if (!existsSync(pathsOf(this.#directory).acme)) return;
    const { renewAcme } = await import('../acme/order-renewal.ts');
    for (const { place, notAfter } of await renewAcme(this.#directory, now)) {
      this.metrics.renewed('acme');
      this.#report(`certificates: renewed ${place}, valid until ${notAfter.slice(0, 16)}Z`);
    }
  }

  async #followFile(now: Date): Promise<void> {
    const { served } = this.#options;
    const edge = readEdge(this.#directory);
    if (served === undefined || edge === undefined) return;
    // Under the lock, because another process changes the edge and the file together.
    const leaf = await withLock(this.#directory, () => served.follow(edge, now));
    if (leaf === undefined) return;
    this.metrics.renewed('served');
    const until = leaf.validToDate.toISOString().slice(0, 16);
    this.#report(`certificates: the edge serves the new ${served.path}, valid until ${until}Z`);
  }

  #measure(now: Date): void {
    try {
      const own: Expiring[] = readChain(this.#directory).certificates;
      this.metrics.expiries([...own, ...this.#expiryOfServed()], now);
    } catch {
      // The check of the directory has reported this already.
    }
  }

  #expiryOfServed(): Expiring[] {
    const { path } = this.#options.served ?? {};
    if (path === undefined || !existsSync(path)) return [];
    const [leaf] = readCertificates(path);
    return leaf === undefined ? [] : [{ role: 'served', path, notAfter: leaf.validToDate.toISOString() }];
  }

  /** A running check may have missed the change, so another one follows it. */
  #lookNow(): void {
    if (this.#looking) this.#again = true;
    else {
      clearTimeout(this.#timer);
      this.#schedule(0);
    }
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round();
    }, delayMs);
  }

  async #round(): Promise<void> {
    this.#looking = true;
    this.#again = false;
    const failed = await this.look();
    this.#looking = false;
    const wait =
      failed.length === 0 ? this.#interval : Math.min(this.#interval, backoffMs(this.#failures, this.#options.random));
    for (const sentence of failed) this.#report(`certificates: ${sentence} (again in ${(wait / 1000).toFixed(1)} s)`);
    this.#schedule(this.#again ? 0 : wait);
  }

  get #interval(): number {
    return this.#options.intervalMs ?? 60_000;
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  #report(line: string): void {
    this.#options.report?.(line);
  }
}
