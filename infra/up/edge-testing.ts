// A stand-in for the API server, with pods that serve certificates, for the watch of the edge.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { WebSocketServer } from 'ws';
import { stringify } from 'yaml';
import { issueIntermediate, issueLeaf } from '../../certs/x509/issuance.ts';
import { DEFAULT_KEY_TYPE, generateKeyPair, privateKeyPem } from '../../certs/x509/keys.ts';
import { lifetimes, validityFrom } from '../../certs/x509/lifetimes.ts';
import { authorityExtensions, signCertificate } from '../../certs/x509/signing.ts';
import { rootCommonName } from '../components/certificates/pki-plan.ts';

const NAMES = { dnsNames: ['localhost'], ipAddresses: [] };

interface Shown {
  readonly cert: string;
  readonly key: string;
}

/** Issues certificates for the edge under the root of a generation; resolves with what makes a leaf. */
export async function authority(generation: string): Promise<() => Promise<Shown>> {
  const now = new Date();
  const { publicKey, privateKey: key } = generateKeyPair(DEFAULT_KEY_TYPE);
  const certificate = await signCertificate({
    subject: [{ CN: [rootCommonName(generation)] }],
    publicKey,
    key,
    validity: validityFrom(now, lifetimes.root.duration),
    extensions: authorityExtensions(),
  });
  const intermediate = await issueIntermediate({ certificate, key }, NAMES, { now });
  return async () => {
    const leaf = await issueLeaf(intermediate, NAMES, { now });
    return { cert: `${leaf.certificate}${intermediate.certificate}`, key: privateKeyPem(leaf.key) };
  };
}

/** Pods of an edge by name, and the API server through which they are reached. */
export class FakeEdge {
  readonly #pods = new Map<string, Shown>();
  readonly #api = http.createServer((request, response) => this.#list(request, response));
  readonly #sockets = new WebSocketServer({ server: this.#api });

  constructor() {
    this.#sockets.on('connection', (socket, { url }) => {
      const [, pod = '', port = ''] = /pods\/([^/]+)\/portforward\?ports=(\d+)$/.exec(url ?? '') ?? [];
      const number = Buffer.alloc(2);
      number.writeUInt16LE(Number(port));
      for (const channel of [0, 1]) socket.send(Buffer.concat([Buffer.of(channel), number]));
      const stream = new Duplex({
        read: () => undefined,
        write: (chunk: Buffer, _encoding, done) => socket.send(Buffer.concat([Buffer.of(0), chunk]), done),
      });
      socket.on('message', (frame: Buffer) => stream.push(frame.subarray(1)));
      socket.on('close', () => stream.destroy());
      new tls.TLSSocket(stream, { isServer: true, ...this.#pods.get(pod) }).on('error', () => stream.destroy());
    });
  }

  #list(request: http.IncomingMessage, response: http.ServerResponse): void {
    const items = [...this.#pods.keys()].map((name) => ({ metadata: { name }, status: { phase: 'Running' } }));
    if (!request.url?.includes('labelSelector=')) response.statusCode = 404;
    response.end(JSON.stringify({ items }));
  }

  /** Makes a pod serve a certificate from now on. */
  show(pod: string, shown: Shown): void {
    this.#pods.set(pod, shown);
  }

  /** Resolves with its kubeconfig. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#api.listen(0, '127.0.0.1', resolve));
    const server = `http://127.0.0.1:${(this.#api.address() as AddressInfo).port}`;
    return stringify({ clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user: { token: 't' } }] });
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#api.closeAllConnections();
    await new Promise((resolve) => this.#api.close(resolve));
  }
}
