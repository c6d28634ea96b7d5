import { setInterval } from 'node:timers';
import type { TLSSocket } from 'node:tls';
import * as v from 'valibot';
import type { Kubernetes } from './kubernetes.ts';

const CONFIG_MAP = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

const Authentication = v.object({
  data: v.object({
    'requestheader-client-ca-file': v.pipe(v.string(), v.includes('-----BEGIN CERTIFICATE-----')),
    'requestheader-allowed-names': v.optional(v.pipe(v.string(), v.parseJson(), v.array(v.string())), '[]'),
  }),
});

export interface FrontProxyOptions {
  readonly kubernetes: Kubernetes;
  readonly reloadMs: number;
  /** The authority of the API server's client certificates is another one now. */
  readonly onAuthority: (ca: string) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Knows the API server by its front-proxy certificate. Who asked was authenticated and authorized there
 * before the request came here; nobody else is let in, so that no review of our own is needed.
 */
export class FrontProxy {
  readonly #options: FrontProxyOptions;
  readonly #timer: NodeJS.Timeout;
  #ca = '';
  #names: readonly string[] = [];

  constructor(options: FrontProxyOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.load().catch(options.onError), options.reloadMs);
  }

  get isKnown(): boolean {
    return this.#ca !== '';
  }

  /** Reads from the cluster whom to believe. Rejects with a `Failure`. */
  async load(): Promise<void> {
    const { data } = await this.#options.kubernetes.get(CONFIG_MAP, Authentication);
    this.#names = data['requestheader-allowed-names'];
    const ca = data['requestheader-client-ca-file'];
    if (ca === this.#ca) return;
    this.#ca = ca;
    this.#options.onAuthority(ca);
  }

  /** Why this connection is not the API server's; undefined when it is. */
  refusal(socket: TLSSocket): string | undefined {
    const { subject } = socket.getPeerCertificate();
    if (!subject) return 'Only the API server may ask here: it shows a client certificate, and you showed none.';
    if (!socket.authorized) {
      return `Only the API server may ask here: the client certificate is not of the front proxy's authority.`;
    }
    const names = [subject.CN].flat();
    if (this.#names.length === 0 || this.#names.some((name) => names.includes(name))) return undefined;
    return `Only the API server may ask here: no client certificate of ${names.join(', ')} is among the allowed names.`;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
