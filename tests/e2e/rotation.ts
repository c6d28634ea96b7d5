import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { waitFor } from '../../infra/local/wait.ts';
import type { Crowd } from './sockets.ts';
import type { RotationStep, System } from './system.ts';

interface Served {
  readonly leaf: string;
  readonly intermediate: string;
  /** Serial number of the root at the end of its chain. */
  readonly root: string;
}

/** What the edge shows to a client that trusts these roots. @throws when it does not trust what it is shown */
function served({ config, rootPem: ca }: Pick<System, 'config' | 'rootPem'>): Promise<Served> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: config.port, ca, servername: 'localhost' }, () => {
      const leaf = socket.getPeerCertificate(true);
      const intermediate = leaf.issuerCertificate;
      const root = intermediate.issuerCertificate.serialNumber;
      resolve({ leaf: leaf.serialNumber, intermediate: intermediate.serialNumber, root });
      socket.destroy();
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error('no TLS handshake within 10 s')));
    socket.on('error', reject);
  });
}

const rootsIn = (pem: string): string[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (certificate) => new X509Certificate(certificate).serialNumber,
  );

/** So many that it would be chance if they all came to the same of two pods. */
const HANDSHAKES = 10;

/** The certificates that a step changes at the edge, and its change to the number of accepted roots. */
const CHANGES: Record<RotationStep, { served: readonly (keyof Served)[]; roots: number }> = {
  leaf: { served: ['leaf'], roots: 0 },
  intermediate: { served: ['leaf', 'intermediate'], roots: 0 },
  'root-accept': { served: [], roots: 1 },
  'root-issue': { served: ['leaf', 'intermediate', 'root'], roots: 0 },
  'root-retire': { served: [], roots: -1 },
};

/**
 * Does one step of a rotation under open sockets. The step changes exactly its certificates, the previous roots still
 * verify the new ones, and no socket is closed.
 */
export async function rotated(system: System, step: RotationStep, crowd: Crowd): Promise<string> {
  // A rolling update before it leaves replicas that level their sockets.
  await crowd.settled();
  const reconnects = crowd.reconnects;
  const [before, roots] = [await served(system), system.rootPem];
  const told = await system.rotate(step);
  const changes = CHANGES[step];
  // A client that has not heard of the step yet has the previous roots. A retired root is useless, so that step needs
  // the new ones.
  const trusted = step === 'root-retire' ? system.rootPem : roots;
  const changed = async () => {
    const now = await served({ config: system.config, rootPem: trusted });
    return changes.served.every((part) => now[part] !== before[part]) ? now : undefined;
  };
  const what = `the new ${changes.served.join(', ')} to be served`;
  // The command says that every pod of the edge serves it: whichever one answers does.
  if (system.stack !== undefined) {
    for (let asked = 0; asked < HANDSHAKES; asked += 1)
      assert.ok(await changed(), `${changes.served.join(', ')} is new`);
  }
  const now = await waitFor(changed, { what, timeoutMs: 120_000, intervalMs: 500 });
  for (const part of ['leaf', 'intermediate', 'root'] as const) {
    if (!changes.served.includes(part)) assert.equal(now[part], before[part], `${part} stays`);
  }
  assert.equal(rootsIn(system.rootPem).length, rootsIn(roots).length + changes.roots);
  assert.deepEqual([crowd.reconnects - reconnects, crowd.open], [0, crowd.size], 'no socket was closed');
  return `${crowd.size} sockets, 0 closed; ${told}`;
}
