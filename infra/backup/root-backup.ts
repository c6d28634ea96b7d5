import { createPrivateKey } from 'node:crypto';
import { rootName } from '../components/certificates/pki-plan.ts';
import { ClusterError, type Pods } from './pods.ts';

/** A root in a backup: a Secret whose key is encrypted with the passphrase. */
export interface SavedRoot {
  readonly name: string;
  readonly namespace: string;
  /** The part by which cert-manager recognizes the Secret. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** As PEM. */
  readonly certificate: string;
  /** As PKCS#8 PEM, encrypted. */
  readonly key: string;
}

interface Secret {
  metadata: { name: string; namespace: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  data: Record<string, string>;
}

const decoded = (text = ''): string => Buffer.from(text, 'base64').toString();
const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** Cert-manager's own labels and annotations: others belong to other programs. */
const ofCertManager = (all: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => /(^|\.)cert-manager\.io\//.test(name)));

/**
 * Every accepted root with its key.
 * @throws ClusterError when one is missing
 */
export async function backUpRoots(
  pods: Pods,
  { scope, generations, namespace }: { scope: string; generations: readonly string[]; namespace: string },
  passphrase: string,
): Promise<SavedRoot[]> {
  const roots: SavedRoot[] = [];
  for (const generation of generations) {
    const name = rootName(scope, generation);
    const answer = await pods.kubectl(['--namespace', namespace, 'get', 'secret', name, '--output', 'json']);
    const { metadata, data } = JSON.parse(answer.toString()) as Secret;
    const key = createPrivateKey(decoded(data['tls.key']));
    roots.push({
      name,
      namespace,
      labels: ofCertManager(metadata.labels),
      annotations: ofCertManager(metadata.annotations),
      certificate: decoded(data['tls.crt']),
      key: key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString(),
    });
  }
  return roots;
}

/** @throws ClusterError when the passphrase is wrong */
function opened({ name, key }: SavedRoot, passphrase: string): string {
  try {
    return createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch (error) {
    throw new ClusterError(`The key of ${name} cannot be decrypted: give the passphrase it was backed up with.`, {
      cause: error,
    });
  }
}

/**
 * Restores roots in place of those that the cluster made for itself. You then have to issue their intermediates and
 * leaves again.
 * @throws ClusterError
 */
export async function restoreRoots(pods: Pods, roots: readonly SavedRoot[], passphrase: string): Promise<void> {
  const keys = roots.map((root) => opened(root, passphrase));
  for (const [index, root] of roots.entries()) {
    const { name, namespace, labels, annotations, certificate } = root;
    // cert-manager replaces a certificate that differs from its last request; without a request it keeps the one it finds.
    const requests = await requestsOf(pods, root);
    if (requests.length > 0) {
      await pods.kubectl(['--namespace', namespace, 'delete', 'certificaterequests', ...requests]);
    }
    const manifest = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels, annotations },
      type: 'kubernetes.io/tls',
      data: {
        'ca.crt': encoded(certificate),
        'tls.crt': encoded(certificate),
        'tls.key': encoded(keys[index] as string),
      },
    };
    const apply = [
      'apply',
      '--server-side',
      '--force-conflicts',
      '--field-manager',
      'gridlock-restore',
      '--filename',
      '-',
    ];
    await pods.kubectl(apply, Buffer.from(JSON.stringify(manifest)));
  }
}

/** Names of the requests that a certificate was made from. */
async function requestsOf(pods: Pods, { namespace, name }: SavedRoot): Promise<string[]> {
  const answer = await pods.kubectl(['--namespace', namespace, 'get', 'certificaterequests', '--output', 'json']);
  const { items } = JSON.parse(answer.toString()) as { items: Pick<Secret, 'metadata'>[] };
  const isOfIt = ({ annotations = {} }: Secret['metadata']) => annotations['cert-manager.io/certificate-name'] === name;
  return items.filter(({ metadata }) => isOfIt(metadata)).map(({ metadata }) => metadata.name);
}
