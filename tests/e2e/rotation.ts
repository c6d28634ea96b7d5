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

/** The certificates that the edge shows to a client that trusts these roots. @throws if the client does not trust them */
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

/** Enough handshakes that it is unlikely for all of them to reach the same of two pods. */
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
 * Takes one step of a rotation while sockets are open. The step changes only its own certificates, the previous roots
 * still verify the new ones, and no socket is closed.
 */
export async function rotated(system: System, step: RotationStep, crowd: Crowd): Promise<string> {
  // After an earlier rolling update, replicas still move sockets to level the load.
  await crowd.settled();
  const reconnects = crowd.reconnects;
  const [before, roots] = [await served(system), system.rootPem];
  const told = await system.rotate(step);
  const changes = CHANGES[step];
  // A client that does not know of the step yet has the previous roots. After root-retire, it needs the new ones.
  const trusted = step === 'root-retire' ? system.rootPem : roots;
  const changed = async () => {
    const now = await served({ config: system.config, rootPem: trusted });
    return changes.served.every((part) => now[part] !== before[part]) ? now : undefined;
  };
  const what = `the new ${changes.served.join(', ')} to be served`;
  // The command promises that every pod of the edge serves the new certificate, so any pod may answer.
  if (system.stack !== undefined) {
    for (let asked = 0; asked < HANDSHAKES; asked += 1)
      assert.ok(await changed(), `${changes.served.join(', ')} is new`);
  }
  const now = await waitFor(changed, { what, timeoutMs: 120_000, intervalMs: 500 });
  for (const part of ['leaf', 'intermediate', 'root'] as const) {
    if (!changes.served.includes(part)) assert.equal(now[part], before[part], `${part} stays`);
  }
  assert.equal(rootsIn(system.rootPem).length, rootsIn(roots).length + changes.roots);
  assert.deepEqual([crowd.reconnects - reconnects, crowd.open], [0, crowd.size], 'no socket is closed');
  return `${crowd.size} sockets, 0 closed; ${told}`;
}
