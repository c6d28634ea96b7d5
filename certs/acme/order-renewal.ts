import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFileAtomically } from '../directory/atomic-files.ts';
import { pathsOf } from '../directory/authority-files.ts';
import { CertificateError, reasonOf } from '../errors.ts';
import { covers, parseSubjectAltName } from '../x509/names.ts';
import { readPem } from '../x509/pem.ts';
import { validityOf } from '../x509/summary.ts';
import { type AcmeOrder, type Obtained, obtain } from './order.ts';

/** A stored order, and when it may be tried again after a failure. */
interface KeptOrder {
  order: AcmeOrder;
  failures: number;
  notBefore?: string;
}

const MINUTE_MS = 60_000;
/** Let's Encrypt allows five failed validations of a name in an hour. */
const SHORTEST_WAIT_MS = 15 * MINUTE_MS;
const LONGEST_WAIT_MS = 24 * 60 * MINUTE_MS;

/** Obtains a certificate, and keeps the order so that `renewAcme` renews it. */
export async function obtainAndKeep(dir: string, order: AcmeOrder): Promise<Obtained> {
  const directory = resolve(dir);
  const obtained = await obtain(directory, order);
  keep(directory, { order: { ...order, out: resolve(order.out) }, failures: 0 });
  return obtained;
}

/**
 * Renews the certificates that have less than a third of their life left. After a failure an order waits before it is
 * tried again, to stay within the authority's rate limits. Throws a CertificateError for the first failure, after it
 * has tried all orders.
 */
export async function renewAcme(dir: string, now: Date): Promise<Obtained[]> {
  const directory = resolve(dir);
  const renewed: Obtained[] = [];
  const failed: unknown[] = [];
  for (const kept of readOrders(directory)) {
    // A time further away than that was written while the clock was wrong.
    const waitMs = kept.notBefore === undefined ? 0 : Date.parse(kept.notBefore) - now.getTime();
    if (waitMs > 0 && waitMs <= LONGEST_WAIT_MS) continue;
    try {
      if (!isDue(kept.order, now)) continue;
      renewed.push(await obtain(directory, kept.order));
      keep(directory, { order: kept.order, failures: 0 });
    } catch (error) {
      const failures = kept.failures + 1;
      const wait = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** (failures - 1));
      keep(directory, {
        order: kept.order,
        failures,
        notBefore: new Date(now.getTime() + wait).toISOString(),
      });
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
  return renewed;
}

/** Whether a certificate is missing, lacks a name, or is over two thirds of its life. */
export function isDue({ out, dnsNames }: AcmeOrder, now: Date): boolean {
  if (!existsSync(out)) return true;
  const [leaf] = readPem(out).certificates;
  if (leaf === undefined) return true;
  const { notBefore, notAfter } = validityOf(leaf);
  if (!covers(parseSubjectAltName(leaf.subjectAltName), { dnsNames, ipAddresses: [] })) return true;
  return notAfter.getTime() - now.getTime() < (notAfter.getTime() - notBefore.getTime()) / 3;
}

function keep(directory: string, kept: KeptOrder): void {
  const place = pathsOf(directory).acme;
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const id = createHash('sha256').update(kept.order.out).digest('hex').slice(0, 16);
  writeFileAtomically(join(place, `order-${id}.json`), `${JSON.stringify(kept, null, 2)}\n`, 0o600);
}

function readOrders(directory: string): KeptOrder[] {
  const place = pathsOf(directory).acme;
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((name) => /^order-[0-9a-f]+\.json$/.test(name))
    .map((name) => {
      const path = join(place, name);
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as KeptOrder;
      } catch (error) {
        throw new CertificateError('corrupt', `${path} is damaged (${reasonOf(error)}): remove it and run acme again.`);
      }
    });
}
