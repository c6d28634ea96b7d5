// The certificate that each pod of the edge serves, read through the API server, so that no load balancer chooses the
// pod.
import type { Duplex } from 'node:stream';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import type { KubeApi } from '../cluster/kube-api.ts';

const PATIENCE_MS = 10_000;

/** The pods of an edge, and how to connect to them. */
export interface EdgePods {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  /** Name that the certificate is for. */
  readonly host: string;
  /** Whether a connection begins with the PROXY protocol. */
  readonly proxyProtocol: boolean;
}

export interface ServedLeaf {
  readonly pod: string;
  readonly fingerprint: string;
  /** Common name of the issuer of the chain's last certificate, which is the root. */
  readonly root: string;
}

/** The last certificate of the chain as the pod sent it. */
function lastOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate {
  const seen = new Set<string>();
  let last = leaf;
  while (last.issuerCertificate && !seen.has(last.fingerprint256)) {
    seen.add(last.fingerprint256);
    last = last.issuerCertificate;
  }
  return last;
}

function shown(stream: Duplex, pod: string, { host, proxyProtocol, port }: EdgePods): Promise<ServedLeaf> {
  if (proxyProtocol) stream.write(`PROXY TCP4 127.0.0.1 127.0.0.1 65535 ${port}\r\n`);
  return new Promise((resolve, reject) => {
    // Only the identity of the certificate matters here; others check whether it is trusted.
    const socket = connect({ socket: stream, servername: host, rejectUnauthorized: false });
    const timer = setTimeout(() => socket.destroy(new Error('no TLS handshake')), PATIENCE_MS);
    socket.once('error', reject).once('close', () => {
      clearTimeout(timer);
      stream.destroy();
      reject(new Error('it closed the connection'));
    });
    stream.once('error', reject);
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerCertificate(true);
      resolve({ pod, fingerprint: leaf.fingerprint256, root: String(lastOf(leaf).issuer.CN) });
      socket.destroy();
    });
  });
}

/** The certificate that each pod serves now. @throws Error when there is no pod, or one does not answer */
export async function servedLeaves(api: KubeApi, edge: EdgePods): Promise<ServedLeaf[]> {
  const pods = await api.pods(edge.namespace, edge.labels);
  if (pods.length === 0) throw new Error(`no pod of the edge runs in the namespace ${edge.namespace}`);
  return Promise.all(
    pods.map(async ({ metadata: { name } }) => {
      try {
        return await shown(api.connect(edge.namespace, name, edge.port), name, edge);
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
      }
    }),
  );
}
