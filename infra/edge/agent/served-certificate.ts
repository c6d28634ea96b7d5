import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { runtimeCommand } from '../runtime-api.ts';
import type { MountedCertificate } from './mounted-certificate.ts';

const HANDSHAKE_MS = 5000;

/** A HAProxy and the one certificate it serves. */
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
export async function loadedFingerprint({ socket, certificate }: ServedEdge): Promise<string> {
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
export async function replaceCertificate(edge: ServedEdge, { leaf, pem }: MountedCertificate): Promise<void> {
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
