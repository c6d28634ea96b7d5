import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { StoredLeaf } from './files.ts';
import { fault, loadIntermediate, loadKey, loadLeaf, loadRoot, pathsOf } from './files.ts';
import type { Lifetimes, Role } from './lifetimes.ts';
import { isDue } from './lifetimes.ts';
import type { Names } from './names.ts';
import { covers, parseSubjectAltName } from './names.ts';
import { validityOf } from './summary.ts';

export type Kept = { root?: X509Certificate; intermediate?: X509Certificate; leaf?: StoredLeaf };
export type Wanted = { directory: string; names: Names; now: Date; lifetimes: Lifetimes };

/** What can be kept; throws for what can be neither kept nor replaced. */
export function inspect({ directory, names, now, lifetimes }: Wanted): Kept {
  const root = loadRoot(directory);
  if (root === undefined) {
    assertNothingLeft(directory);
    return {};
  }
  assertCurrent(directory, root, now);
  loadKey('root', directory, root);

  const intermediate = loadIntermediate(directory, root);
  const leaf = loadLeaf(directory);
  if (intermediate !== undefined) {
    assertBegun('intermediate', directory, intermediate, now);
    loadKey('intermediate', directory, intermediate);
  }
  if (leaf !== undefined) assertBegun('leaf', directory, leaf.certificate, now);

  const due = (role: Role, certificate: X509Certificate, issuer: X509Certificate) =>
    isDue(role, validityOf(certificate), validityOf(issuer), now, lifetimes);
  if (intermediate === undefined || due('intermediate', intermediate, root)) return { root };
  const keepLeaf =
    leaf !== undefined &&
    leaf.issuer.fingerprint256 === intermediate.fingerprint256 &&
    covers(parseSubjectAltName(leaf.certificate.subjectAltName), names) &&
    !due('leaf', leaf.certificate, intermediate);
  return { root, intermediate, ...(keepLeaf ? { leaf } : {}) };
}

/** Without root.pem everything that hangs on it is lost, so nothing of it is silently written over. */
function assertNothingLeft(directory: string): void {
  const paths = pathsOf(directory);
  const left = [paths.rootKey, paths.intermediate, paths.intermediateKey, paths.leaf].filter((path) =>
    existsSync(path),
  );
  if (left.length === 0) return;
  throw fault('incomplete', 'root', directory, `${paths.root} is missing, though ${left.join(', ')} is there`);
}

export function assertCurrent(directory: string, root: X509Certificate, now: Date): void {
  assertBegun('root', directory, root, now);
  const { notAfter } = validityOf(root);
  if (now <= notAfter) return;
  const problem = `The root ${pathsOf(directory).root} expired on ${notAfter.toISOString()}`;
  throw fault('expired', 'root', directory, problem);
}

export function assertBegun(role: Role, directory: string, certificate: X509Certificate, now: Date): void {
  const { notBefore } = validityOf(certificate);
  if (now >= notBefore) return;
  throw fault(
    'not_yet_valid',
    role,
    directory,
    `${pathsOf(directory)[role]} is valid only from ${notBefore.toISOString()}, and the clock says ` +
      `${now.toISOString()}; set the clock right, or when it is right`,
  );
}
