import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, realpath } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { runtimeCommand } from '../haproxy.ts';

/** The events of the agent. */
export interface Events {
  /** HAProxy serves the mounted certificate; `notAfter` is the end of its validity. */
  inStep(notAfter: Date): void;
  changed(fingerprint: string): void;
  /** The served certificate stays until a later check succeeds. */
  failed(error: Error): void;
}

/**
 * Keeps the certificate that HAProxy serves equal to the mounted one. `run` checks at intervals until the signal; a
 * failure is retried at the next check.
 */
export class CertificateAgent {
  readonly #edge: ServedEdge;
  readonly #events: Events;

  constructor(edge: ServedEdge, events: Events) {
    this.#edge = edge;
    this.#events = events;
  }

  /** Checks once: compares, and replaces the certificate when they differ. Never throws. */
  async look(): Promise<void> {
    try {
      const mounted = await readMounted(this.#edge.certificate);
      const wanted = mounted.leaf.fingerprint.replaceAll(':', '');
      if ((await loadedFingerprint(this.#edge)) !== wanted) {
        await replaceCertificate(this.#edge, mounted);
        this.#events.changed(mounted.leaf.fingerprint256);
      }
      this.#events.inStep(mounted.leaf.validToDate);
    } catch (error) {
      this.#events.failed(error as Error);
    }
  }

  async run(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** A certificate with its chain and key, as it lies in a mounted Secret. */
interface MountedCertificate {
  leaf: X509Certificate;
  /** Leaf, intermediates and key. */
  pem: string;
}

/**
 * Reads `tls.crt` and the `tls.key` next to it. A Secret's mount is replaced as a whole, by a link: both files
 * are read through the same one, so that a change in between cannot mix old and new.
 * @throws Error, a sentence, when the files are not there or do not belong together
 */
async function readMounted(certificate: string): Promise<MountedCertificate> {
  const directory = path.dirname(await realpath(certificate));
  const name = path.basename(certificate, '.crt');
  const [chain, key] = await Promise.all([
    readFile(path.join(directory, `${name}.crt`), 'utf8'),
    readFile(path.join(directory, `${name}.key`), 'utf8'),
  ]);
  const leaf = new X509Certificate(chain);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    throw new Error(`The key next to ${certificate} does not belong to it.`);
  }
  // An empty line would end the command that carries it.
  const pem = `${chain}\n${key}\n`.replace(/\r/g, '').replace(/\n+/g, '\n');
  return { leaf, pem };
}

const HANDSHAKE_MS = 5000;

/** A HAProxy and its only certificate. */
export interface ServedEdge {
  /** Runtime API. */
  socket: string;
  /** The certificate's file as the configuration names it. */
  certificate: string;
  /** Where it listens for https, as this process reaches it. */
  host: string;
  port: number;
  /** Whether it expects the PROXY protocol. */
  acceptProxy: boolean;
}

/** SHA-1 of the certificate HAProxy has loaded, as upper case hexadecimal. */
async function loadedFingerprint({ socket, certificate }: ServedEdge): Promise<string> {
  const answer = await runtimeCommand(socket, `show ssl cert ${certificate}`);
  const found = /^SHA1 FingerPrint: ([0-9A-F]+)$/im.exec(answer)?.[1];
  if (found === undefined) throw new Error(`HAProxy knows no certificate ${certificate}: ${firstLine(answer)}`);
  return found.toUpperCase();
}

/** What a client is shown in a handshake: SHA-256 of the leaf, upper case with colons. */
export async function shownFingerprint({ host, port, acceptProxy }: ServedEdge): Promise<string> {
  const transport = connectTcp({ host, port });
  const deadline = setTimeout(() => transport.destroy(new Error('no handshake in time')), HANDSHAKE_MS);
  try {
    await once(transport, 'connect');
    if (acceptProxy) transport.write('PROXY UNKNOWN\r\n');
    // Whose it is does not matter here: it is compared with the one that was sent.
    const tls = connectTls({ socket: transport, rejectUnauthorized: false });
    await once(tls, 'secureConnect');
    return tls.getPeerX509Certificate()?.fingerprint256 ?? '';
  } finally {
    clearTimeout(deadline);
    transport.destroy();
  }
}

/**
 * Replaces the certificate without a reload: open connections keep theirs, new handshakes get the new one.
 * Resolves when a handshake has shown it.
 * @throws Error when HAProxy refuses it, the old one then stays, or shows another
 */
async function replaceCertificate(edge: ServedEdge, { leaf, pem }: MountedCertificate): Promise<void> {
  const { socket, certificate } = edge;
  // What an agent that died half-way has left; the answer is an error when there is nothing.
  await runtimeCommand(socket, `abort ssl cert ${certificate}`);
  const set = await runtimeCommand(socket, `set ssl cert ${certificate} <<\n${pem}`);
  if (!/Transaction (created|updated)/i.test(set)) {
    throw new Error(`HAProxy does not take the new certificate: ${firstLine(set)}`);
  }
  const commit = await runtimeCommand(socket, `commit ssl cert ${certificate}`);
  if (!/Success/i.test(commit)) {
    await runtimeCommand(socket, `abort ssl cert ${certificate}`);
    throw new Error(`HAProxy does not change to the new certificate: ${firstLine(commit)}`);
  }
  const shown = await shownFingerprint(edge);
  if (shown !== leaf.fingerprint256) {
    throw new Error(`HAProxy shows the certificate ${shown} after it was given ${leaf.fingerprint256}.`);
  }
}

const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '') ?? 'no answer';
