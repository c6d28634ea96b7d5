import { setTimeout as sleep } from 'node:timers/promises';
import { readMounted } from './mounted-certificate.ts';
import { loadedFingerprint, replaceCertificate, type ServedEdge } from './served-certificate.ts';

/** What the agent tells of its work. */
export interface Events {
  /** HAProxy serves what is mounted; `notAfter` is the end of its validity. */
  inStep(notAfter: Date): void;
  changed(fingerprint: string): void;
  /** The certificate stays as it is until a later look succeeds. */
  failed(error: Error): void;
}

/**
 * Keeps the certificate that HAProxy serves the one that is mounted.
 * `run` looks again and again until the signal; what fails is tried again at the next look.
 */
export class CertificateAgent {
  readonly #edge: ServedEdge;
  readonly #events: Events;

  constructor(edge: ServedEdge, events: Events) {
    this.#edge = edge;
    this.#events = events;
  }

  /** One look: compares, and replaces when they differ. Never throws. */
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
