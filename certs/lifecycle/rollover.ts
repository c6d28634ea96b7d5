import type { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { commit, type StoredFile } from '../directory/atomic-files.ts';
import {
  assertCurrent,
  loadIntermediate,
  loadKey,
  loadLeaf,
  loadRetired,
  pathsOf,
} from '../directory/authority-files.ts';
import { readConsumers } from '../directory/consumers.ts';
import { withDirectory } from '../directory/directory.ts';
import { readIssued } from '../directory/issued.ts';
import { authorityFiles, leafPem, signingIntermediate, signingRoot, trustBundle } from '../directory/material.ts';
import { lifetimesIn, readSettings } from '../directory/settings.ts';
import { CertificateError } from '../errors.ts';
import { decryptKey, type KeyType, keyId, keyTypeOf, privateKeyPem } from '../x509/keys.ts';
import { parseSubjectAltName } from '../x509/names.ts';
import { parsePem } from '../x509/pem.ts';
import type { Identity } from '../x509/signing.ts';
import { subjectText } from '../x509/summary.ts';
import { apply, type EdgeOutcome } from './change.ts';
import { loadRoots, missingIn, type Phase, type Roots } from './rollover-status.ts';

export interface RolloverOptions {
  dir: string;
  /** Decrypts the root's key, and encrypts that of the next root. */
  passphrase?: string | undefined;
  now?: Date;
}

export interface RolloverStep {
  phase: Phase;
  edge: EdgeOutcome;
}

/** Makes the next root. From now on clients should trust both; nothing that is served changes. */
export function acceptRoot(
  options: RolloverOptions & { keyType?: KeyType | undefined; crossSign?: boolean },
): Promise<RolloverStep> {
  const { now = new Date(), passphrase } = options;
  return withDirectory(options.dir, async (directory) => {
    const roots = loadRoots(directory);
    requirePhase(roots, 'steady');
    assertCurrent(directory, roots.issuing, now);
    // The successor of a root with an encrypted key must not have a plain one.
    if (passphrase === undefined && loadKey('root', directory, roots.issuing) === 'encrypted') {
      signingRoot(directory, roots.issuing);
    }
    const authority = await import('../x509/issuance.ts');
    const lifetimes = lifetimesIn(readSettings(directory));
    const keyType = options.keyType ?? keyTypeOf(roots.issuing.publicKey);
    const next = await authority.createRoot({ now, lifetimes, keyType });
    const files: StoredFile[] = [
      { name: 'next-root.key', data: privateKeyPem(next.key, passphrase), mode: 0o600 },
      { name: 'next-root.pem', data: next.certificate.toString(), mode: 0o644 },
      trustBundle(roots.issuing, next.certificate),
    ];
    if (options.crossSign) {
      const issuing = signingRoot(directory, roots.issuing, passphrase);
      const cross = await authority.crossSign(next.certificate, issuing, now);
      files.push({ name: 'cross.pem', data: cross.toString(), mode: 0o644 });
    }
    commit(directory, files);
    return { phase: 'accepted', edge: 'none' };
  });
}

/**
 * Lets the next root sign: new intermediate and leaf, pushed into the running edge. Refused while a place
 * that trusts this authority lacks the next root, unless it is cross-signed.
 */
export function issueFromNextRoot(
  options: RolloverOptions & {
    /** Confirms that clients without a record here have the bundle with both roots. */
    distributed?: boolean;
  },
): Promise<RolloverStep> {
  const { now = new Date(), passphrase } = options;
  return withDirectory(options.dir, async (directory) => {
    const roots = loadRoots(directory);
    requirePhase(roots, 'accepted');
    const next = roots.next!;
    await requireClients(directory, roots, next, options.distributed === true);

    const authority = await import('../x509/issuance.ts');
    const settings = readSettings(directory);
    const lifetimes = lifetimesIn(settings);
    const issue = { now, lifetimes, crlUrl: settings.crlUrl };
    const identity = nextIdentity(directory, next, passphrase);
    const previous = loadIntermediate(directory, roots.issuing);
    const stored = loadLeaf(directory);
    const names = parseSubjectAltName(stored?.certificate.subjectAltName);
    const intermediate = await authority.issueIntermediate(
      identity,
      (previous && authority.constraintsOf(previous)) ?? names,
      { ...issue, keyType: previous && keyTypeOf(previous.publicKey) },
    );
    const paths = pathsOf(directory);
    const files: StoredFile[] = [
      { name: 'previous-root.pem', data: roots.issuing.toString(), mode: 0o644 },
      ...(existsSync(paths.rootKey)
        ? [{ name: 'previous-root.key', data: readFileSync(paths.rootKey), mode: 0o600 }]
        : []),
      { name: 'root.key', data: readFileSync(paths.nextRootKey), mode: 0o600 },
      { name: 'root.pem', data: next.toString(), mode: 0o644 },
      ...authorityFiles('intermediate', intermediate),
    ];
    if (settings.crlUrl !== undefined) {
      const { crlFiles } = await import('../x509/revocation-list.ts');
      files.push(...(await crlFiles(directory, [identity, intermediate], now, lifetimes)));
    }
    const removed = ['next-root.pem', 'next-root.key'];
    if (stored === undefined) {
      commit(directory, files, removed);
      return { phase: 'issued', edge: 'none' };
    }
    const leaf = await authority.issueLeaf(intermediate, names, { ...issue, keyType: keyTypeOf(stored.key) });
    const served = leafPem(leaf, intermediate.certificate, ...(roots.cross ? [roots.cross] : []));
    const change = {
      files,
      removed,
      leaf: { pem: served, leaf: leaf.certificate },
      roots: [roots.issuing, next],
    };
    return { phase: 'issued', edge: await apply(directory, change) };
  });
}

/**
 * Ends trust in the previous root: its key and the cross-signed certificate are removed. Refused while a leaf elsewhere
 * still leads to it, or a place that trusts this authority lacks the new root.
 */
export function retireRoot(
  options: RolloverOptions & {
    /** Cuts off every client that still needs the previous root. */
    force?: boolean;
  },
): Promise<RolloverStep> {
  const { now = new Date() } = options;
  return withDirectory(options.dir, async (directory) => {
    const roots = loadRoots(directory);
    requirePhase(roots, 'issued');
    const { issuing, previous } = roots;
    if (!options.force) await requireNobodyNeeds(directory, previous!, issuing, now);

    const retired = [...loadRetired(directory), previous!].map((root) => root.toString()).join('');
    const files = [trustBundle(issuing), { name: 'retired.pem', data: retired, mode: 0o644 }];
    const removed = ['previous-root.pem', 'previous-root.key', 'cross.pem'];
    const stored = loadLeaf(directory);
    if (stored === undefined) {
      commit(directory, files, removed);
      return { phase: 'steady', edge: 'none' };
    }
    const authority = await import('../x509/issuance.ts');
    const settings = readSettings(directory);
    const intermediate = signingIntermediate(directory);
    const leaf = await authority.issueLeaf(intermediate, parseSubjectAltName(stored.certificate.subjectAltName), {
      now,
      lifetimes: lifetimesIn(settings),
      crlUrl: settings.crlUrl,
      keyType: keyTypeOf(stored.key),
    });
    const pem = leafPem(leaf, intermediate.certificate);
    const change = { files, removed, leaf: { pem, leaf: leaf.certificate }, roots: [issuing] };
    return { phase: 'steady', edge: await apply(directory, change) };
  });
}

async function requireClients(directory: string, roots: Roots, next: X509Certificate, distributed: boolean) {
  if (roots.cross !== undefined) return;
  const consumers = readConsumers(directory);
  const missing = await Promise.all(consumers.map((consumer) => missingIn(consumer, [next])));
  const lacking = consumers.filter((_, index) => missing[index]!.length > 0).map(({ place }) => place);
  if (lacking.length > 0) {
    throw refused(
      `${lacking.join(', ')} would be cut off, lacking ${subjectText(next)}: run trust or export there again`,
    );
  }
  if (consumers.length > 0 || distributed) return;
  throw refused(
    `No recorded place trusts ${subjectText(next)}: give clients ${pathsOf(directory).trust}, and confirm that with --distributed`,
  );
}

async function requireNobodyNeeds(directory: string, previous: X509Certificate, issuing: X509Certificate, now: Date) {
  const consumers = readConsumers(directory);
  const missing = await Promise.all(consumers.map((consumer) => missingIn(consumer, [issuing])));
  const lacking = consumers.filter((_, index) => missing[index]!.length > 0).map(({ place }) => place);
  if (lacking.length > 0) {
    throw refused(
      `${lacking.join(', ')} would be cut off, lacking ${subjectText(issuing)}: run trust or export there again`,
    );
  }
  const leaves = readIssued(directory, now).filter(({ root }) => root === keyId(previous));
  if (leaves.length === 0) return;
  const list = leaves.map(({ place, notAfter }) => `${place} (until ${notAfter.slice(0, 10)})`).join(', ');
  throw refused(`${list} still needs ${subjectText(previous)}: issue it again, or cut it off with --force`);
}

function requirePhase({ phase }: Roots, wanted: Phase): void {
  if (phase === wanted) return;
  const [done, now] = {
    steady: ['No rollover has begun', 'begin one with "rollover accept"'],
    accepted: ['The next root is accepted and has not issued yet', 'go on with "rollover issue"'],
    issued: ['The new root issues, and the previous one is not retired yet', 'end it with "rollover retire"'],
  }[phase];
  throw refused(`${done}: ${now}`);
}

function nextIdentity(directory: string, certificate: X509Certificate, passphrase?: string): Identity {
  const { nextRootKey: path } = pathsOf(directory);
  if (!existsSync(path)) throw new CertificateError('key_missing', `${path} is missing: put back your copy.`);
  const [plain] = parsePem(readFileSync(path, 'utf8')).keys;
  if (plain !== 'encrypted' && plain !== undefined) return { certificate, key: plain };
  if (passphrase !== undefined) return { certificate, key: decryptKey(path, passphrase) };
  throw new CertificateError('key_encrypted', `${path} is encrypted: give its passphrase (--passphrase-file).`);
}

function refused(what: string): CertificateError {
  return new CertificateError('rollover_refused', `${what}.`);
}
