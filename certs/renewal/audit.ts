import type { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rootCertificates } from 'node:tls';
import { loadIntermediate, loadLeaf, loadRoot, loadTrust, pathsOf } from '../directory/authority-files.ts';
import { lifetimesIn, readSettings } from '../directory/settings.ts';
import { isRunning, readEdge } from '../edge/edge-deployment.ts';
import { type Endpoint, endpointText, fetchServed, nameOfEndpoint, spokenVersions } from '../edge/tls-endpoint.ts';
import { CertificateError, reasonOf } from '../errors.ts';
import { crlNameOf } from '../x509/keys.ts';
import * as x509 from '../x509/library.ts';
import { parsePem, readPem } from '../x509/pem.ts';
import { validityOf } from '../x509/summary.ts';
import { type Finding, verifyChain } from '../x509/verify.ts';

export interface AuditOptions {
  /** An authority's directory, with the running edge that serves its leaf. Without it, only the rest is checked. */
  dir?: string | undefined;
  /** Further files with a leaf and its chain. */
  files?: readonly string[];
  endpoints?: readonly Endpoint[];
  /**
   * Roots that clients of files and endpoints trust; those of the directory by default, and the public ones.
   */
  roots?: readonly X509Certificate[];
  now?: Date;
}

export interface Audit {
  good: boolean;
  checked: string[];
  findings: Finding[];
}

/** Every present and coming problem with the certificates on disk and in use. Changes nothing. */
export async function audit(options: AuditOptions): Promise<Audit> {
  const { now = new Date() } = options;
  const directory = options.dir === undefined ? undefined : resolve(options.dir);
  const checked: string[] = [];
  const findings: Finding[] = [];
  let roots = [...(options.roots ?? [])];
  if (directory !== undefined) {
    checked.push(directory);
    findings.push(...auditDirectory(directory, now));
    if (roots.length === 0) roots = attempt(findings, directory, () => loadTrust(directory)) ?? [];
  }
  const trusted = [...roots, ...parsePem(rootCertificates.join('\n')).certificates];
  for (const path of options.files ?? []) {
    checked.push(path);
    const content = attempt(findings, path, () => readPem(path));
    if (content === undefined) continue;
    const [key] = content.keys;
    const chain = { chain: content.certificates, key: key === 'encrypted' ? undefined : key };
    findings.push(...verifyChain({ ...chain, roots: trusted, where: path, now }).findings);
    if (key !== undefined) findings.push(...auditMode(path));
  }
  const edge = directory === undefined ? undefined : attempt(findings, directory, () => readEdge(directory));
  const own = edge !== undefined && (await isRunning(edge)) ? edge.endpoints : [];
  for (const endpoint of [...own, ...(options.endpoints ?? [])]) {
    checked.push(endpointText(endpoint));
    findings.push(...(await auditEndpoint(endpoint, trusted, now)));
  }
  return { good: !findings.some(({ level }) => level === 'error'), checked, findings };
}

function auditDirectory(directory: string, now: Date): Finding[] {
  const findings: Finding[] = [];
  const paths = pathsOf(directory);
  const add = (level: Finding['level'], code: string, where: string, message: string) =>
    findings.push({ level, code, where, message });
  if (!existsSync(directory)) {
    add('error', 'missing', directory, 'There is no such directory: make an authority with init.');
    return findings;
  }
  const names = readdirSync(directory);
  if (names.includes('.pending')) {
    add('warning', 'interrupted', directory, 'A change was interrupted; the next command completes it.');
  }
  if ((statSync(directory).mode & 0o077) !== 0) {
    add('error', 'open_directory', directory, 'Others may enter the directory: chmod 700.');
  }
  for (const name of names.filter((one) => one.endsWith('.key') || one === 'leaf.pem')) {
    findings.push(...auditMode(join(directory, name)));
  }
  const root = attempt(findings, paths.root, () => loadRoot(directory));
  if (root === undefined) {
    if (findings.every(({ where }) => where !== paths.root)) {
      add('error', 'missing', paths.root, 'The root is missing: put back your copy, or make an authority with init.');
    }
    return findings;
  }
  const settings = attempt(findings, directory, () => readSettings(directory)) ?? {};
  const lifetimes = lifetimesIn(settings);
  const left = validityOf(root).notAfter.getTime() - now.getTime();
  if (left < lifetimes.root.renewBefore) {
    add(
      'warning',
      'root_due',
      paths.root,
      'The root expires before a certificate that it signs now would: begin a rollover.',
    );
  }
  if (existsSync(paths.rootKey) && !readFileSync(paths.rootKey, 'utf8').includes('ENCRYPTED')) {
    add(
      'warning',
      'plain_root_key',
      paths.rootKey,
      'The key is not encrypted: anyone who reads it can sign for any name.',
    );
  }
  const intermediate = attempt(findings, paths.intermediate, () => loadIntermediate(directory, root));
  const leaf = attempt(findings, paths.leaf, () => loadLeaf(directory));
  const trusted = attempt(findings, paths.trust, () => loadTrust(directory)) ?? [root];
  if (leaf !== undefined) {
    const chain = [leaf.certificate, leaf.issuer, ...(leaf.cross ? [leaf.cross] : [])];
    findings.push(...verifyChain({ chain, roots: trusted, key: leaf.key, where: paths.leaf, now }).findings);
  }
  if (settings.crlUrl !== undefined && intermediate !== undefined) {
    for (const issuer of [root, intermediate]) findings.push(...auditCrl(join(directory, crlNameOf(issuer)), now));
  }
  return findings;
}

function auditCrl(where: string, now: Date): Finding[] {
  const error = (code: string, message: string): Finding[] => [{ level: 'error', code, where, message }];
  if (!existsSync(where)) return error('no_crl', 'The revocation list is missing: sign it with crl.');
  try {
    const { nextUpdate } = new x509.X509Crl(readFileSync(where));
    if (nextUpdate === undefined || nextUpdate > now) return [];
    return error(
      'crl_expired',
      `The list should have been renewed by ${nextUpdate.toISOString()}: sign it again with crl.`,
    );
  } catch (cause) {
    return error('corrupt', `The revocation list is damaged (${reasonOf(cause)}): sign it again with crl.`);
  }
}

function auditMode(where: string): Finding[] {
  const mode = statSync(where).mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  const message = `Others may read the private key (mode ${mode.toString(8)}): chmod 600.`;
  return [{ level: 'error', code: 'open_key', where, message }];
}

async function auditEndpoint(endpoint: Endpoint, roots: readonly X509Certificate[], now: Date): Promise<Finding[]> {
  const where = endpointText(endpoint);
  try {
    const { chain } = await fetchServed(endpoint, roots);
    const { findings } = verifyChain({ chain, roots, names: [nameOfEndpoint(endpoint)], where, now });
    const versions = await spokenVersions(endpoint, ['TLSv1', 'TLSv1.1', 'TLSv1.3']);
    for (const version of versions.filter((one) => one !== 'TLSv1.3')) {
      findings.push({
        level: 'error',
        code: 'old_tls',
        where,
        message: `It speaks ${version}, which is broken.`,
      });
    }
    if (!versions.includes('TLSv1.3')) {
      findings.push({ level: 'warning', code: 'no_tls13', where, message: 'It does not speak TLS 1.3.' });
    }
    return findings;
  } catch (error) {
    const message = `No TLS handshake: ${reasonOf(error)}.`;
    return [{ level: 'error', code: 'unreachable', where, message }];
  }
}

/** An unreadable file is a finding and does not end the audit. */
function attempt<T>(findings: Finding[], where: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    const code = error instanceof CertificateError ? error.code : 'unreadable';
    findings.push({ level: 'error', code, where, message: reasonOf(error) });
    return undefined;
  }
}
